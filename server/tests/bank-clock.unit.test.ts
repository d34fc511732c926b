/** The bank's time goes on evenly, whatever is done to the clocks of its machines, and says which of them is wrong. */
import { expect, test } from 'vitest';
import type { BankClock } from '../src/bank-clock.ts';
import { elapsedClock, startClock } from '../src/bank-clock.ts';

const day = 86_400_000;
const startMs = Date.UTC(2026, 0, 15, 12);

/** Three clocks that go together until one of them is set. */
async function clocks(): Promise<{
  readonly clock: BankClock;
  readonly pass: (ms: number) => Promise<void>;
  readonly set: (which: 'wall' | 'database', byMs: number) => void;
}> {
  let elapsedMs = 500;
  const aheadMs = { wall: 0, database: 0 };
  const timeMs = (which: 'wall' | 'database'): number => startMs - 500 + elapsedMs + aheadMs[which];
  const clock = await startClock({
    wallMs: () => timeMs('wall'),
    elapsedMs: () => elapsedMs,
    databaseMs: () => Promise.resolve(timeMs('database')),
  });
  return {
    clock,
    async pass(ms) {
      elapsedMs += ms;
      await clock.compare();
    },
    set(which, byMs) {
      aheadMs[which] += byMs;
    },
  };
}

const timeOf = (ms: number): string => new Date(startMs + ms).toISOString();

test.each([
  ['a year back', -365 * day, '365 days before'],
  ['two days on', 2 * day, '2 days after'],
  ['five seconds on', 5_000, '5 s after'],
])('clocks set %s while the bank runs change nothing, and are named', async (_, byMs, words) => {
  const { clock, pass, set } = await clocks();
  set('wall', byMs);
  set('database', byMs);
  await pass(10_000);
  expect(clock.nowMs()).toBe(startMs + 10_000);
  expect(clock.warnings(timeOf(0))).toEqual([
    expect.stringContaining(`This server’s clock is ${words} the bank’s ${timeOf(10_000)}`),
    expect.stringContaining(`The database’s clock was set: it is ${words} the bank’s ${timeOf(10_000)}`),
  ]);
  set('wall', -byMs);
  set('database', -byMs);
  await pass(10_000);
  expect(clock.warnings(timeOf(0))).toEqual([]);
});

test('the bank’s time is the database’s, and what a time service corrects in it is taken over', async () => {
  const { clock, pass, set } = await clocks();
  for (let count = 0; count < 100; count += 1) {
    set('database', 300);
    await pass(60_000);
  }
  expect(clock.nowMs()).toBe(startMs + 100 * 60_300);
  expect(clock.warnings(timeOf(0))).toEqual([expect.stringContaining('This server’s clock is 30 s before the bank’s')]);
});

test('a last event that is ahead is named', async () => {
  const { clock } = await clocks();
  expect(clock.warnings(timeOf(2_000))).toEqual([]);
  expect(clock.warnings('')).toEqual([]);
  expect(clock.warnings(timeOf(3 * day))).toEqual([
    expect.stringContaining(`The last event was recorded at ${timeOf(3 * day)}, 3 days after the bank’s`),
  ]);
});

test('a suspended machine’s time counts', () => {
  let runningMs = 100;
  let sinceBootMs = 7_000;
  const clock = elapsedClock(
    () => runningMs,
    () => sinceBootMs,
  );
  runningMs += 50;
  sinceBootMs += 57;
  clock.adjust();
  expect(clock.read(), 'hundredths are noise').toBe(150);
  runningMs += 50;
  sinceBootMs += 3_600_043;
  clock.adjust();
  expect(clock.read()).toBe(3_600_200);
});
