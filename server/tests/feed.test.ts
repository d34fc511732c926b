/** The live feed on its own: what it sends, where it takes up again, when it says that it is alive, and when it ends. */
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { memoryJournal } from '../../ledger/src/journal/memory-journal.ts';
import { feed, feedPointOf, feedStart } from '../src/audit/feed.ts';
import type { SecurityEvent, SecurityLog } from '../src/audit/security-log.ts';

afterEach(() => vi.restoreAllMocks());

/** Security events with these ids. */
const logOf = (ids: readonly number[]): SecurityLog => ({
  record: () => undefined,
  sweep: () => Promise.resolve(),
  read: ({ after, limit }) => {
    const all = ids.map((id): SecurityEvent => ({ id, at: '', kind: 'pin_wrong', subject: '', terminal: '' }));
    return Promise.resolve(
      after === undefined ? all.slice(-limit) : all.filter(({ id }) => id > after).slice(0, limit),
    );
  },
});
const stored = (id: string) => ({ id, type: 'Deposited', data: '{}', metadata: '{}' });

test('a journal event’s id begins with its position; the feed goes on above its start, and ends after ten minutes', async () => {
  const now = vi.spyOn(performance, 'now').mockReturnValue(0);
  const journal = memoryJournal();
  await journal.append([stored('a'), stored('b')], { after: 0 });
  const pieces = feed({ journal, security: logOf([]) }, { position: 1, security: 0 }, ({ id }) => id);
  expect((await pieces.next()).value).toBe('event: journal\nid: 2-0\ndata: "b"\n\n');
  const alive = pieces.next();
  // By then it waits for a second until it reads again.
  await sleep(100);
  now.mockReturnValue(16_000);
  expect((await alive).value).toBe(':\n\n');
  now.mockReturnValue(10 * 60_000);
  expect((await pieces.next()).done).toBe(true);
});

test(
  'whoever comes back with the id of any event gets the rest, nothing twice and nothing left out',
  { retry: 0 },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(450),
        fc.uniqueArray(fc.integer({ min: 1, max: 900 }), { maxLength: 300 }),
        async (size, ids) => {
          const journal = memoryJournal();
          await journal.append(
            Array.from({ length: size }, (_none, index) => stored(String(index))),
            { after: 0 },
          );
          const sources = { journal, security: logOf(ids.sort((a, b) => a - b)) };
          const whole = await read(sources, { position: 0, security: 0 }, size + ids.length);
          expect(new Set(whole).size).toBe(size + ids.length);
          const cut = Math.floor(whole.length / 3);
          const [, id = '0-0'] = /^id: (.*)$/m.exec(whole[cut] ?? '') ?? [];
          const point = feedPointOf(id);
          if (point === undefined) throw new Error(`${id} is no id`);
          const missed = whole.slice(whole.length === 0 ? 0 : cut + 1);
          expect((await read(sources, point, missed.length)).map(dataOf)).toEqual(missed.map(dataOf));
        },
      ),
      { numRuns: 30 },
    );
  },
);

const dataOf = (piece: string): string => piece.replace(/^id: .*$/m, '');

/** So many pieces. */
async function read(
  sources: Parameters<typeof feed>[0],
  from: Parameters<typeof feed>[1],
  most: number,
): Promise<string[]> {
  const pieces: string[] = [];
  if (most === 0) return pieces;
  for await (const piece of feed(sources, from, ({ position }) => position)) {
    pieces.push(piece);
    if (pieces.length === most) break;
  }
  return pieces;
}

test('begins with the last fifty of each kind', async () => {
  const journal = memoryJournal();
  await journal.append(
    Array.from({ length: 80 }, (_none, index) => stored(String(index))),
    { after: 0 },
  );
  const security = logOf(Array.from({ length: 70 }, (_none, index) => index + 1));
  expect(await feedStart({ journal, security }, undefined)).toEqual({ position: 30, security: 20 });
  expect(await feedStart({ journal, security }, 7)).toEqual({ position: 7, security: 20 });
});

test.each(['', '12', 'x-1', '1-', '-1', '1-2-3', '1'.repeat(16) + '-1', '1 - 2'])('%j is no id of the feed', (id) => {
  expect(feedPointOf(id)).toBeUndefined();
});
