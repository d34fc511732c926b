/** Keys that seal nothing are deleted, and no other: a key that is deleted is lost for ever, whatever the read model says. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UnreadableEvent } from '../../ledger/src/domain/unreadable-event.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank } from '../../server/tests/support/bank.ts';
import { deleteUnusedKeys } from '../src/unused-keys/delete-unused-keys.ts';

let bank: Bank;
let journal: Journal;
beforeAll(async () => {
  bank = await openBank();
  journal = openJournal(bank.eventLog, bank.database);
});
afterAll(async () => {
  await journal.close();
  await bank.close();
});

const keys = async (): Promise<number> =>
  (await bank.database.query<{ count: number }>('select count(*)::int from vault.customer_keys')).rows[0]?.count ?? 0;
const addKey = (days: number) =>
  bank.database.query(
    `insert into vault.customer_keys (key_id, wrapped, created_at, generation)
     values ($1, '\\x00', now() - make_interval(days => $2), 1)`,
    [randomUUID(), days],
  );
const deleteThem = (from: Pick<Journal, 'head' | 'read'> = journal) =>
  deleteUnusedKeys({ pool: bank.database, journal: from, onProgress: () => undefined });

test('deletes old keys that no event names, and leaves those of customers and of openings under way', async () => {
  await bank.customer();
  await bank.customer();
  await addKey(31);
  await addKey(1);
  // The read model has lost its customers: the journal has not.
  await bank.stopProjector();
  await bank.database.query(`update vault.customer_keys set created_at = created_at - interval '40 days'
    where key_id in (select key_id from read.customers)`);
  await bank.database.query('delete from read.customers');
  expect(await keys()).toBe(4);
  expect(await deleteThem()).toBe(1);
  expect(await keys()).toBe(3);
  expect(await deleteThem()).toBe(0);
});

test.each<[string, Pick<Journal, 'head' | 'read'>]>([
  [
    'an event cannot be read',
    {
      head: () => journal.head(),
      read: async (range) => (await journal.read(range)).map((event) => ({ ...event, data: '{' })),
    },
  ],
  ['an event is missing', { head: () => journal.head(), read: async (range) => (await journal.read(range)).slice(1) }],
  ['it ends before its head', { head: async () => (await journal.head()) + 5, read: (range) => journal.read(range) }],
])('deletes nothing where %s', async (_what, from) => {
  await addKey(31);
  const before = await keys();
  const error: unknown = await deleteThem(from).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error instanceof UnreadableEvent || String(error).includes('gap')).toBe(true);
  expect(await keys()).toBe(before);
});
