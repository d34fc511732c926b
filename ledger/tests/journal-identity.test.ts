/** A database belongs to one journal: whoever comes with another is told so, and nothing is written. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { Failure } from '../src/failure.ts';
import type { EventLog } from '../src/journal/event-log.ts';
import { bindJournal, rebindJournal } from '../src/journal/journal-identity.ts';
import type { Journal } from '../src/journal/journal.ts';
import { memoryJournal } from '../src/journal/memory-journal.ts';

const inPostgres: EventLog = { eventLogUrl: undefined, ledger: 'main' };
const inLog = (ledger: string): EventLog => ({ eventLogUrl: 'kurrentdb://localhost:2113', ledger });

let database: TestDatabase;
let owner: pg.Pool;
let pool: pg.Pool;
beforeEach(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  pool = new pg.Pool({ connectionString: database.url, options: '-c role=grandlivre_server', max: 1 });
});
afterEach(async () => {
  await pool.end();
  await owner.end();
  await database.drop();
});

async function journalOf(events: number): Promise<Journal> {
  const journal = memoryJournal();
  for (let after = 0; after < events; after++) {
    await journal.append([{ id: randomUUID(), type: 'Any', data: '{}', metadata: '{}' }], { after });
  }
  return journal;
}

const bind = (journal: Journal, eventLog: EventLog, projected = 0): Promise<void> =>
  bindJournal({ pool, journal, eventLog, projected });

const identity = async (): Promise<unknown> => {
  const { rows } = await pool.query<object>('select store, ledger, first_event from journal.identity');
  return rows[0];
};

test('the first to come binds it, the journal’s first event is remembered once there is one, and the same may come again', async () => {
  const journal = await journalOf(0);
  await bind(journal, inLog('main'));
  expect(await identity()).toEqual({ store: 'event log', ledger: 'main', first_event: null });
  const id = randomUUID();
  await journal.append([{ id, type: 'Any', data: '{}', metadata: '{}' }], { after: 0 });
  for (let times = 0; times < 2; times++) await bind(journal, inLog('main'));
  expect(await identity()).toEqual({ store: 'event log', ledger: 'main', first_event: id });
});

test.each([
  ['LEDGER mistyped', inLog('main'), inLog('mian')],
  ['EVENT_LOG_URL forgotten', inLog('main'), inPostgres],
  ['EVENT_LOG_URL given where there was none', inPostgres, inLog('main')],
])('%s: one sentence, and the database stays as it was', async (_, right, wrong) => {
  const journal = await journalOf(3);
  for (const before of [0, 3]) {
    await bind(before === 0 ? await journalOf(0) : journal, right);
    const remembered = await identity();
    for (const other of [await journalOf(0), journal]) {
      await expect(bind(other, wrong)).rejects.toThrow(Failure);
      expect(await identity()).toEqual(remembered);
    }
  }
  await bind(journal, right);
});

test.each([0, 5])('the right name with another journal behind it, of %i events, is one sentence', async (events) => {
  const journal = await journalOf(2);
  await bind(journal, inLog('main'));
  await expect(bind(await journalOf(events), inLog('main'))).rejects.toThrow(/begins with event .* bring that journal/);
  await bind(journal, inLog('main'));
});

test('LEDGER names nothing where PostgreSQL holds the journal', async () => {
  const journal = await journalOf(1);
  await bind(journal, inPostgres);
  await bind(journal, { ...inPostgres, ledger: 'other' });
});

test('a database whose read model is beyond the journal’s end is not bound to it', async () => {
  await bind(await journalOf(2), inLog('mian'), 3);
  expect(await identity()).toBeUndefined();
  await bind(await journalOf(3), inLog('main'), 3);
  expect(await identity()).toMatchObject({ ledger: 'main' });
});

test('a journal that was copied can be moved to, another cannot', async () => {
  const journal = await journalOf(2);
  await bind(journal, inPostgres);
  const other = { pool: owner, journal: await journalOf(2), eventLog: inLog('main') };
  await expect(rebindJournal(other)).rejects.toThrow(/another journal than the one that was copied/);
  await rebindJournal({ ...other, journal });
  await bind(journal, inLog('main'));
  await expect(bind(journal, inPostgres)).rejects.toThrow(/belongs to journal-main in an event log/);
});

test('not even the owner makes the database belong to another first event', async () => {
  await bind(await journalOf(1), inPostgres);
  for (const change of [
    `update journal.identity set first_event = gen_random_uuid()`,
    'delete from journal.identity',
  ]) {
    await expect(owner.query(change)).rejects.toThrow(/never changes/);
  }
});
