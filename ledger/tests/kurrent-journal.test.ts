/** The journal in EventStoreDB or KurrentDB behaves as the port says, on the server that TEST_EVENT_LOG_URL names. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { openLine } from '../../tests/support/line.ts';
import type { StoredEvent } from '../src/domain/codec.ts';
import type { Journal } from '../src/journal/journal.ts';
import { kurrentJournal } from '../src/journal/kurrent-journal.ts';
import { journalSuite } from './journal.suite.ts';

const url = process.env['TEST_EVENT_LOG_URL'] ?? '';

describe.skipIf(url === '')('on the server of TEST_EVENT_LOG_URL', () => {
  journalSuite('EventStoreDB or KurrentDB', () => {
    const ledgers = new Map<Journal, string>();
    const open = (ledger: string): Journal => {
      const journal = kurrentJournal({ url, ledger });
      ledgers.set(journal, ledger);
      return journal;
    };
    return Promise.resolve({
      empty: () => Promise.resolve(open(randomUUID())),
      another: (journal) => open(ledgers.get(journal) ?? ''),
      async close() {
        for (const journal of ledgers.keys()) await journal.close();
      },
    });
  });

  const events = (count: number): StoredEvent[] =>
    Array.from({ length: count }, () => ({
      id: randomUUID(),
      type: 'PinChanged',
      data: '{"account":"1"}',
      metadata: '{}',
    }));

  test('an append whose answer is lost is stored once, and may be repeated', { timeout: 30_000 }, async () => {
    const line = await openLine(url);
    const ledger = randomUUID();
    const [journal, direct] = [kurrentJournal({ url: line.url, ledger }), kurrentJournal({ url, ledger })];
    const first = events(2);
    await journal.append(first, { after: 0 });
    line.mute();
    const second = events(3);
    const lost = journal.append(second, { after: 2 });
    lost.catch(() => undefined);
    while ((await direct.head()) < 5) await sleep(10);
    line.cut();
    await expect(lost).rejects.toThrow();
    await expect(journal.head()).rejects.toThrow();
    line.mend();
    while ((await journal.head().catch(() => 0)) !== 5) await sleep(50);
    expect(await journal.append(second, { after: 2 })).toEqual({ appended: true, head: 5 });
    expect((await journal.read({ from: 1, limit: 10 })).map(({ id }) => id)).toEqual(
      [...first, ...second].map(({ id }) => id),
    );
    await Promise.all([journal.close(), direct.close()]);
    await line.close();
  });

  test(
    'a server that hangs leaves an append’s outcome unknown, and is used again later',
    { timeout: 60_000 },
    async () => {
      const line = await openLine(url);
      const journal = kurrentJournal({ url: line.url, ledger: randomUUID() });
      await journal.append(events(1), { after: 0 });
      line.mute();
      await expect(journal.append(events(1), { after: 1 })).rejects.toThrow(/did not answer an append within/);
      line.cut();
      line.mend();
      while ((await journal.head().catch(() => 0)) !== 2) await sleep(50);
      expect(await journal.append(events(1), { after: 2 })).toEqual({ appended: true, head: 3 });
      await journal.close();
      await line.close();
    },
  );

  test('appends to a million events; the cost of the first and the last is printed', { timeout: 300_000 }, async () => {
    const journal = kurrentJournal({ url, ledger: randomUUID() });
    /** The median of single appends, in milliseconds: shown, not asserted. */
    const cost = async (after: number): Promise<number> => {
      const times: number[] = [];
      for (let n = 0; n < 100; n++) {
        const startedAt = performance.now();
        await journal.append(events(1), { after: after + n });
        times.push(performance.now() - startedAt);
      }
      return times.sort((a, b) => a - b)[50] ?? 0;
    };
    const first = await cost(0);
    let head = 100;
    for (; head < 1_000_000; head += 500) await journal.append(events(500), { after: head });
    const last = await cost(head);
    console.log(`one append: ${first.toFixed(2)} ms at the beginning, ${last.toFixed(2)} ms at a million events`);
    expect(await journal.head()).toBe(head + 100);
    const [only] = await journal.readAt([999_999]);
    expect(only?.position).toBe(999_999);
    await journal.close();
  });

  test(
    'a follower ends when its connection is lost, and the next goes on after the last event',
    { timeout: 30_000 },
    async () => {
      const line = await openLine(url);
      const ledger = randomUUID();
      const [journal, direct] = [kurrentJournal({ url: line.url, ledger }), kurrentJournal({ url, ledger })];
      await direct.append(events(5), { after: 0 });
      const seen: number[] = [];
      const follow = async (): Promise<void> => {
        for await (const step of journal.follow({ after: seen.length, signal: new AbortController().signal })) {
          if ('events' in step) seen.push(...step.events.map(({ position }) => position));
          else if (step.caughtUpAt === 5) line.cut();
          else if (step.caughtUpAt === 8) return;
        }
      };
      await expect(follow()).rejects.toThrow();
      await direct.append(events(3), { after: 5 });
      line.mend();
      for (let done = false; !done;) {
        done = await follow().then(
          () => true,
          () => false,
        );
      }
      expect(seen).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      await Promise.all([journal.close(), direct.close()]);
      await line.close();
    },
  );
});
