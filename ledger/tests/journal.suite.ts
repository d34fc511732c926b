/** What every journal must do, whatever database holds it: run by each adapter's own test file. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { StoredEvent } from '../src/domain/codec.ts';
import type { Journal, JournalEvent } from '../src/journal/journal.ts';

export type Adapter = {
  /** A journal with nothing in it. */
  empty(): Promise<Journal>;
  /** Another process's view of the same journal. */
  another(journal: Journal): Journal;
  close(): Promise<void>;
};

const event = (n: number, text = 'é "quoted" \\ 漢字 \u2028', commandId: string = randomUUID()): StoredEvent => ({
  id: randomUUID(),
  type: 'AccountFrozen',
  data: JSON.stringify({ account: String(n), reason: text }),
  metadata: JSON.stringify({ commandId }),
});
const events = (from: number, to: number): StoredEvent[] =>
  Array.from({ length: to - from + 1 }, (_, index) => event(from + index));
const at = (stored: readonly StoredEvent[], first: number): JournalEvent[] =>
  stored.map((one, index) => ({ ...one, position: first + index }));

export function journalSuite(name: string, open: () => Promise<Adapter>): void {
  describe(`the journal in ${name}`, () => {
    let adapter: Adapter;
    let journal: Journal;
    beforeAll(async () => {
      adapter = await open();
    });
    beforeEach(async () => {
      journal = await adapter.empty();
    });
    afterAll(() => adapter.close());

    test('is empty at position 0', async () => {
      expect(await journal.head()).toBe(0);
      expect(await journal.read({ from: 1, limit: 10 })).toEqual([]);
    });

    test('gives back exactly what was appended, at positions without a gap', async () => {
      const first = events(1, 3);
      const second = events(4, 5);
      expect(await journal.append(first, { after: 0 })).toEqual({ appended: true, head: 3 });
      expect(await journal.append(second, { after: 3 })).toEqual({ appended: true, head: 5 });
      expect(await journal.head()).toBe(5);
      expect(await journal.read({ from: 1, limit: 10 })).toEqual(at([...first, ...second], 1));
    });

    test('finds commands by their keys and takes none twice, where it keeps them itself', async () => {
      const { keys } = journal;
      if (keys === undefined) return;
      expect(await keys.lookUp(['command-1'])).toEqual({ checkpoint: 0, positions: new Map() });
      // A command may write events of two types, and is found where its first one is.
      const opening = [{ ...event(2, '', 'command-2'), type: 'CustomerRegistered' }, event(2, '', 'command-2')];
      await journal.append([event(1, '', 'command-1'), ...opening], { after: 0 });
      expect(await keys.lookUp(['command-2', 'never', 'command-1'])).toEqual({
        checkpoint: 3,
        positions: new Map([
          ['command-2', 2],
          ['command-1', 1],
        ]),
      });
      expect(await journal.append([event(3), event(1, 'again', 'command-1')], { after: 3 })).toEqual({
        appended: false,
        head: 3,
      });
      expect(await journal.append([event(3)], { after: 3 })).toEqual({ appended: true, head: 4 });
    });

    test('reads a part, upwards and downwards', async () => {
      const stored = events(1, 5);
      await journal.append(stored, { after: 0 });
      expect(await journal.read({ from: 2, limit: 2 })).toEqual(at(stored, 1).slice(1, 3));
      expect(await journal.read({ from: 4, limit: 2, direction: 'backward' })).toEqual([
        ...at(stored, 1).slice(2, 4).reverse(),
      ]);
      expect(await journal.read({ from: 9, limit: 1, direction: 'backward' })).toEqual(at(stored, 1).slice(4));
      expect(await journal.read({ from: 6, limit: 2 })).toEqual([]);
    });

    test('reads at positions, in their order, leaving out what does not exist', async () => {
      const stored = events(1, 5);
      await journal.append(stored, { after: 0 });
      const all = at(stored, 1);
      expect(await journal.readAt([4, 2, 9])).toEqual([all[3], all[1]]);
      expect(await journal.readAt([])).toEqual([]);
    });

    test.each([0, 2, 4, 7])('appends nothing after %i when the head is 3, and gives the head', async (after) => {
      await journal.append(events(1, 3), { after: 0 });
      expect(await journal.append(events(4, 4), { after })).toEqual({ appended: false, head: 3 });
      expect(await journal.head()).toBe(3);
    });

    test('lets exactly one of many appends at the same head through', async () => {
      const other = adapter.another(journal);
      const results = await Promise.all(
        Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? journal : other).append(events(1, 3), { after: 0 })),
      );
      expect(results.filter(({ appended }) => appended)).toEqual([{ appended: true, head: 3 }]);
      expect(await journal.head()).toBe(3);
    });

    test('two writers at once both get through, each in its own order', { timeout: 60_000 }, async () => {
      const appendsEach = 40;
      const write = async (view: Journal, writer: number): Promise<number> => {
        let conflicts = 0;
        let head = await view.head();
        for (let n = 0; n < appendsEach;) {
          const result = await view.append(events(writer + n, writer + n + 1), { after: head });
          if (result.appended) n += 1;
          else conflicts += 1;
          head = result.head;
        }
        return conflicts;
      };
      const conflicts = await Promise.all([write(journal, 1_000), write(adapter.another(journal), 2_000)]);
      expect(conflicts[0] + conflicts[1]).toBeGreaterThan(0);
      const all = await journal.read({ from: 1, limit: 1_000 });
      expect(all.map(({ position }) => position)).toEqual(
        Array.from({ length: 4 * appendsEach }, (_, index) => index + 1),
      );
      for (const writer of [1_000, 2_000]) {
        const accounts = all.map(({ data }) => Number((JSON.parse(data) as { account: string }).account));
        const own = accounts.filter((account) => account >= writer && account < writer + 1_000);
        expect(own).toEqual(Array.from({ length: appendsEach }, (_, n) => [writer + n, writer + n + 1]).flat());
      }
    });

    test('takes as many bytes in one append as it says, in one event and in many', async () => {
      const bytes = ({ data, metadata }: StoredEvent): number => Buffer.byteLength(data) + Buffer.byteLength(metadata);
      const large = event(1, 'x'.repeat(Math.floor(journal.largestAppendBytes) - bytes(event(1, ''))));
      expect(await journal.append([large], { after: 0 })).toEqual({ appended: true, head: 1 });
      const many = events(1, Math.floor(journal.largestAppendBytes / bytes(event(10_000))));
      expect(await journal.append(many, { after: 1 })).toEqual({ appended: true, head: 1 + many.length });
      expect(await journal.read({ from: 1, limit: 2 })).toEqual(at([large, ...many.slice(0, 1)], 1));
    });

    test('stores an event of 200,000 characters whole', async () => {
      const large = event(1, 'é'.repeat(200_000));
      await journal.append([large], { after: 0 });
      expect(await journal.read({ from: 1, limit: 1 })).toEqual(at([large], 1));
    });

    test(
      'gives a follower every event once, in order, and a mark when there are no more',
      { timeout: 30_000 },
      async () => {
        const stored = events(1, 2500);
        await journal.append(stored.slice(0, 2000), { after: 0 });
        const ending = new AbortController();
        const seen: number[] = [];
        const marks: number[] = [];
        for await (const step of adapter.another(journal).follow({ after: 10, signal: ending.signal })) {
          if ('events' in step) {
            seen.push(...step.events.map(({ position }) => position));
            continue;
          }
          marks.push(step.caughtUpAt);
          if (step.caughtUpAt === 2000) await journal.append(stored.slice(2000), { after: 2000 });
          if (step.caughtUpAt === 2500) ending.abort();
        }
        expect(seen).toEqual(Array.from({ length: 2490 }, (_, index) => index + 11));
        expect(marks[0]).toBe(2000);
        expect(marks.at(-1)).toBe(2500);
      },
    );

    test('ends a follower that is aborted while nothing happens', async () => {
      const ending = new AbortController();
      const steps: unknown[] = [];
      for await (const step of journal.follow({ after: 0, signal: ending.signal })) {
        steps.push(step);
        setTimeout(() => {
          ending.abort();
        }, 50);
      }
      expect(steps).toEqual([{ caughtUpAt: 0 }]);
    });
  });
}
