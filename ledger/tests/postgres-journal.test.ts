/** The journal in PostgreSQL behaves as the port says, and the database itself rejects changes of history. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { postgresJournal } from '../src/journal/postgres-journal.ts';
import { journalSuite } from './journal.suite.ts';

const asServer = (url: string): pg.Pool => new pg.Pool({ connectionString: url, options: '-c role=grandlivre_server' });

journalSuite('PostgreSQL', () => {
  const closing: (() => Promise<void>)[] = [];
  const open = (url: string): ReturnType<typeof postgresJournal> => {
    const pool = asServer(url);
    closing.unshift(() => pool.end());
    return postgresJournal({ pool });
  };
  const urls = new Map<unknown, string>();
  return Promise.resolve({
    async empty() {
      const database = await createDatabase();
      closing.push(() => database.drop());
      const journal = open(database.url);
      urls.set(journal, database.url);
      return journal;
    },
    another: (journal) => open(urls.get(journal) ?? ''),
    async close() {
      for (const close of closing) await close();
    },
  });
});

let database: TestDatabase;
let owner: pg.Pool;
let server: pg.Pool;
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  server = asServer(database.url);
  const stored = {
    id: '00000000-0000-4000-8000-000000000001',
    type: 'PinChanged',
    data: '{"account":"1"}',
    metadata: '{}',
  };
  await postgresJournal({ pool: server }).append([stored], { after: 0 });
});
afterAll(async () => {
  await Promise.all([owner.end(), server.end()]);
  await database.drop();
});

test.each(['update journal.events set type = type', 'delete from journal.events', 'truncate journal.events'])(
  'the server’s role may not %s',
  async (statement) => {
    await expect(server.query(statement)).rejects.toThrow('permission denied');
  },
);

test.each(['update journal.events set type = type', 'delete from journal.events', 'truncate journal.events'])(
  'even the owner may not %s by mistake',
  async (statement) => {
    await expect(owner.query(statement)).rejects.toThrow('the journal is append-only');
  },
);

test('the readable view gives jsonb', async () => {
  const { rows } = await owner.query<{ account: string }>(`select data ->> 'account' as account from journal.readable`);
  expect(rows).toEqual([{ account: '1' }]);
});
