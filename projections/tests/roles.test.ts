/** The database itself rejects what a service's role must not do. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';

let database: TestDatabase;
const clients: pg.Client[] = [];

beforeAll(async () => {
  database = await createDatabase();
});

afterAll(async () => {
  for (const client of clients) await client.end();
  await database.drop();
});

async function as(role: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, options: `-c role=${role}` });
  await client.connect();
  clients.push(client);
  return client;
}

test('the server reads the read model and cannot write it', async () => {
  const server = await as('grandlivre_server');
  await server.query('select * from read.checkpoint, read.accounts, read.balances, read.entries');
  await server.query('select * from read.customers, read.account_events, read.idempotency_keys');
  for (const write of [
    'update read.checkpoint set position = 5',
    `insert into read.balances values ('1', 1, 1)`,
    'delete from read.entries',
    'truncate read.accounts',
  ]) {
    await expect(server.query(write)).rejects.toThrow('permission denied');
  }
});

test('the projector reads the journal and cannot write it', async () => {
  const projector = await as('grandlivre_projector');
  await projector.query('select * from journal.events');
  for (const write of [
    `insert into journal.events values (1, gen_random_uuid(), 'Deposited', '{}', '{}')`,
    'delete from journal.events',
    'truncate journal.events',
  ]) {
    await expect(projector.query(write)).rejects.toThrow('permission denied');
  }
});

test('the projector adds to the read model and takes nothing away', async () => {
  const projector = await as('grandlivre_projector');
  await projector.query('update read.checkpoint set position = position');
  for (const write of ['delete from read.entries', 'truncate read.accounts', 'drop table read.entries']) {
    await expect(projector.query(write)).rejects.toThrow(/permission denied|must be owner/);
  }
});
