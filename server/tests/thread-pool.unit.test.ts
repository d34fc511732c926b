/** Work that takes long runs in threads: payments go on meanwhile, too much is turned away, and what nobody waits for ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { encode } from '../../ledger/src/domain/codec.ts';
import type { JournalEvent } from '../../ledger/src/journal/journal.ts';
import type { AccountOverview, Entry } from '../../projections/src/read-model.ts';
import { testBank } from '../../projections/tests/bank.ts';
import { stateAt } from '../src/audit/state-at.ts';
import type { ThreadPool } from '../src/threads/thread-pool.ts';
import { threadPool } from '../src/threads/thread-pool.ts';

/** A thread begins with reading its code, on a machine that may be busy. */
const patience = { timeout: 60_000 };

let threads: ThreadPool;
beforeEach(() => {
  threads = threadPool();
});
afterEach(() => threads.close());
const forAll = new AbortController().signal;

const account: AccountOverview = {
  ...{ account: '17', kind: 'customer', currency: 'EUR', balance: 100n, version: 1, status: 'open', floor: 0n },
  holder: { firstName: 'Zoé', lastName: 'Dupont' },
};
const entry = (version: number): Entry => ({
  ...{ entryId: `${String(version)}.0`, account: '17', version, position: version, type: 'imported', label: 'Dépôt' },
  ...{ recordedAt: '2026-01-31T09:30:00.000Z', valueDate: '2026-01-31', amount: 100n, balanceAfter: 100n },
  currency: 'EUR',
});
const statementOf = (count: number) => ({
  ...{ account, madeAtMs: Date.parse('2026-11-24T23:24:00Z'), timeZone: 'Europe/Paris' },
  entries: Array.from({ length: count }, (_none, index) => entry(index + 1)),
});

/** How many turns the event loop has while something is made. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
  let turns = 0;
  const ended = work.then(() => true);
  while (!(await Promise.race([ended, sleep(1, false)]))) turns++;
  return turns;
}

test('the event loop goes on while a statement of 1,000 entries is made', patience, async () => {
  const file = threads.run('statement', statementOf(1_000), forAll);
  expect(await turnsDuring(file)).toBeGreaterThan(20);
  expect(Buffer.from((await file) ?? '').toString('latin1', 0, 5)).toBe('%PDF-');
});

test('past a bound it takes no more, and what it has taken is made', patience, async () => {
  const many = await Promise.all(Array.from({ length: 60 }, () => threads.run('statement', statementOf(5), forAll)));
  const made = many.filter((file) => file !== undefined);
  expect(made.length).toBeGreaterThanOrEqual(32);
  expect(made.length).toBeLessThan(60);
  expect(threads.waiting).toBe(0);
});

test(
  'what nobody waits for any more ends, whether it waits or is being made, and others are served',
  patience,
  async () => {
    const hangUp = new AbortController();
    const given = Array.from({ length: 4 }, () => threads.run('statement', statementOf(3_000), hangUp.signal));
    setTimeout(() => {
      hangUp.abort();
    }, 50);
    const ends = await Promise.allSettled(given);
    expect(ends.map(({ status }) => status)).toEqual(Array(4).fill('rejected'));
    expect(threads.waiting).toBe(0);
    expect(await threads.run('statement', statementOf(1), forAll)).toBeInstanceOf(Uint8Array);
  },
);

/** A journal with an account of so many deposits, and the read model's index of it. */
function history(deposits: number, change: (event: JournalEvent) => JournalEvent = (event) => event) {
  const bank = testBank();
  const number = bank.open({ firstName: 'A', lastName: 'B' });
  for (let n = 0; n < deposits; n++) bank.deposit(number, 1n);
  const stored = bank.recorded.map(({ position, id, event, metadata }) =>
    change({ position, ...encode(id, event, metadata) }),
  );
  let reads = 0;
  return {
    number,
    reads: () => reads,
    sources: {
      threads,
      readModel: {
        eventPositions: (_account: string, { after, limit }: { after: number; limit: number }) =>
          Promise.resolve(
            stored
              .map(({ position }) => position)
              .filter((position) => position > after)
              .slice(0, limit),
          ),
      },
      journal: {
        readAt: (positions: readonly number[]) => {
          reads++;
          return Promise.resolve(positions.flatMap((position) => stored[position - 1] ?? []));
        },
      },
    },
  };
}

test('a fold of many batches, each in a thread, is the account’s state', patience, async () => {
  const { sources, number, reads } = history(2_500);
  const found = await stateAt(sources, number, {}, forAll);
  expect(found).toMatchObject({ state: { balance: 2_500n, version: 2_500 } });
  expect(reads()).toBe(3);
  expect(await stateAt(sources, number, { version: 1_700 }, forAll)).toMatchObject({ state: { balance: 1_700n } });
});

test('a fold reads no further once its caller has hung up', patience, async () => {
  const hangUp = new AbortController();
  const { sources, number, reads } = history(5_000);
  const { readAt } = sources.journal;
  sources.journal.readAt = (positions) => {
    if (reads() === 1) hangUp.abort();
    return readAt(positions);
  };
  await expect(stateAt(sources, number, {}, hangUp.signal)).rejects.toMatchObject({ name: 'AbortError' });
  expect(reads()).toBe(2);
});

test.each([
  ['no JSON', { data: '{"amount":' }, /^position 30 holds bytes that are no JSON$/],
  ['of no known type', { type: 'Vanished' }, /^position 30 holds an event of a type that this program does not know$/],
  ['altered', { data: '' }, /^position 31: account 1: posting/],
])('an event that is %s ends the fold with its position', async (what, damage, where) => {
  const { sources, number } = history(100, (event) => {
    if (event.position !== (what === 'altered' ? 31 : 30)) return event;
    return {
      ...event,
      ...(what === 'altered' ? { data: event.data.replaceAll('"version":', '"version":7') } : damage),
    };
  });
  const found = await stateAt(sources, number, {}, forAll);
  expect(found).toEqual({ code: 'history_broken', where: expect.stringMatching(where) as string });
});
