/** A journal is copied whole, resumed where it stopped, and rejected where the target is something else. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { StoredEvent } from '../../ledger/src/domain/codec.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { memoryJournal } from '../../ledger/src/journal/memory-journal.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { copyJournal, sameJournals } from '../src/journal-copy/copy-journal.ts';

const nobodyLooks = (): void => undefined;

let database: TestDatabase;
let pool: pg.Pool;
let target: Journal;
beforeEach(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url });
  target = openJournal(testEventLog(), pool);
});
afterEach(async () => {
  await target.close();
  await pool.end();
  await database.drop();
});

const event = (n: number): StoredEvent => ({
  id: randomUUID(),
  type: 'AccountFrozen',
  data: JSON.stringify({ account: String(n), reason: 'é "quoted" \\ 漢字 \u2028' }),
  metadata: JSON.stringify({ commandId: `command-${String(n)}` }),
});

async function source(count: number): Promise<Journal> {
  const journal = memoryJournal();
  await journal.append(
    Array.from({ length: count }, (_, n) => event(n)),
    { after: 0 },
  );
  return journal;
}

test('every event arrives, in order, byte for byte', async () => {
  const from = await source(2_500);
  expect(await copyJournal(from, target, nobodyLooks)).toBe(2_500);
  const { events, digests } = await sameJournals(from, target, nobodyLooks);
  expect(events).toBe(2_500);
  expect(digests.to).toBe(digests.from);
  expect(await target.read({ from: 1, limit: 3_000 })).toEqual(await from.read({ from: 1, limit: 3_000 }));
});

test('a copy that was cut short goes on, and a finished one has nothing to do', async () => {
  const from = await source(2_500);
  const cut = new Error('cut short');
  const cutting = copyJournal(from, target, ({ phase, done }) => {
    if (phase === 'copying' && done >= 1_000) throw cut;
  });
  await expect(cutting).rejects.toBe(cut);
  expect(await target.head()).toBe(1_000);
  expect(await copyJournal(from, target, nobodyLooks)).toBe(1_500);
  expect(await copyJournal(from, target, nobodyLooks)).toBe(0);
  await sameJournals(from, target, nobodyLooks);
});

test('a target with other events is rejected and left as it is', async () => {
  await target.append([event(1)], { after: 0 });
  await expect(copyJournal(await source(10), target, nobodyLooks)).rejects.toThrow(/they differ at position 1/);
  expect(await target.head()).toBe(1);
});

test('a target with more events is rejected', async () => {
  await target.append([event(1), event(2)], { after: 0 });
  await expect(copyJournal(await source(1), target, nobodyLooks)).rejects.toThrow(
    /The target has 2 events, more than the source with 1/,
  );
});

test('one altered letter is found', async () => {
  const from = await source(5);
  const [first, ...others] = await from.read({ from: 1, limit: 5 });
  if (first === undefined) throw new Error('the source is empty');
  await target.append([{ ...first, data: first.data.replace('é', 'e') }, ...others], { after: 0 });
  await expect(sameJournals(from, target, nobodyLooks)).rejects.toThrow(/differ at position 1/);
});
