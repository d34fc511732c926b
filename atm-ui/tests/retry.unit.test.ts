/** Sending again until there is an answer: how long between two tries, and when it ends. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Outcome } from '../src/bank/calls.ts';
import { untilAnswered } from '../src/bank/retry.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.each<Outcome<string>>([
  { is: 'answered', body: 'done', at: '2026-01-31T09:30:00.000Z' },
  { is: 'rejected', problem: { code: 'forbidden' } as never },
])('sends again after pauses that double up to eight seconds, until it is $is', async (answer) => {
  const pausesMs: number[] = [];
  let left = 6;
  const outcome = untilAnswered(
    () => Promise.resolve(left-- > 0 ? ({ is: 'lost' } as const) : answer),
    (pauseMs) => pausesMs.push(pauseMs),
    new AbortController().signal,
  );
  await vi.advanceTimersByTimeAsync(500 + 1_000 + 2_000 + 4_000 + 8_000 + 8_000 - 1);
  expect(left).toBe(0);
  await vi.advanceTimersByTimeAsync(1);
  expect(await outcome).toEqual(answer);
  expect(pausesMs).toEqual([500, 1_000, 2_000, 4_000, 8_000, 8_000]);
});

test.each([
  ['during a pause', 3, 600],
  ['while a request is on its way', 1, 0],
])('stops %s when nobody waits any more, whatever is answered then', async (_what, answersAfter, afterMs) => {
  const leaving = new AbortController();
  let sendings = 0;
  const send = async (): Promise<Outcome<string>> => {
    sendings += 1;
    await new Promise((resolve) => setTimeout(resolve, 50));
    return sendings < answersAfter ? { is: 'lost' } : { is: 'answered', body: 'done', at: '' };
  };
  const outcome = untilAnswered(send, () => undefined, leaving.signal);
  await vi.advanceTimersByTimeAsync(afterMs);
  const before = sendings;
  leaving.abort();
  await vi.advanceTimersByTimeAsync(20_000);
  expect(await outcome).toEqual({ is: 'stopped' });
  expect(sendings).toBe(before);
});

test('a bank that fails at it again and again has answered, and whoever waits is told', async () => {
  const problem = { code: 'internal_error', correlationId: 'c-1' } as never;
  let sendings = 0;
  const outcome = untilAnswered<string>(
    () => {
      sendings += 1;
      // An outage in between is none of its failures.
      return Promise.resolve(sendings === 3 ? { is: 'lost' } : { is: 'lost', problem });
    },
    () => undefined,
    new AbortController().signal,
  );
  await vi.advanceTimersByTimeAsync(120_000);
  expect(await outcome).toEqual({ is: 'rejected', problem });
  expect(sendings).toBe(3 + 6);
});
