/** The opened bank: readers of the journal keep no writer waiting, and what cannot be opened leaves nothing behind. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Failure } from '../../ledger/src/failure.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { serverConnection } from '../src/connections.ts';
import type { BankOptions } from '../src/open-bank.ts';
import { openBank } from '../src/open-bank.ts';
import { loadSecrets } from '../src/secrets.ts';
import { plentyOfCash } from '../../ledger/tests/support/plenty-of-cash.ts';

let database: TestDatabase;
let owner: pg.Pool;
let stateDir: string;
beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  stateDir = await mkdtemp(join(tmpdir(), 'grand-livre-open-'));
});
afterAll(async () => {
  await owner.end();
  await database.drop();
  await rm(stateDir, { recursive: true });
});

const options = async (): Promise<BankOptions> => ({
  databaseUrl: database.url,
  eventLog: { eventLogUrl: undefined, ledger: 'main' },
  secrets: await loadSecrets(stateDir, database.url),
  stateDir,
  timeZone: 'Europe/Paris',
  cashLimits: plentyOfCash,
  application: 'command',
  onLostConnection: () => undefined,
  onTrouble: (what, error) => {
    throw new Error(what, { cause: error });
  },
});

const connections = async (): Promise<number> => {
  const { application_name: name } = serverConnection(database.url, 'command');
  const { rowCount } = await owner.query(
    'select from pg_stat_activity where application_name = $1 and datname = current_database()',
    [name],
  );
  return rowCount ?? 0;
};

test('an append waits for no reader of the journal, however many there are', async () => {
  const bank = await openBank(await options());
  const { audit } = bank.pools;
  const taken = await Promise.all(Array.from({ length: audit.options.max }, () => audit.connect()));
  expect(taken.length).toBeGreaterThan(0);
  let isRead = false;
  const readers = Promise.all(Array.from({ length: 50 }, () => bank.auditJournal.read({ from: 1, limit: 10 }))).then(
    (found) => {
      isRead = true;
      return found;
    },
  );
  const opened = await bank.bookkeeper.submit({
    command: {
      type: 'OpenAccount',
      customer: await bank.vault.seal({ firstName: 'A', lastName: 'B', address: 'C', postalCode: '1', city: 'D' }),
      accountType: 'current',
      currency: 'EUR',
      floor: 0n,
    },
    commandId: 'open:1',
    requestHash: 'open',
    actor: 'test',
    terminal: 'desk',
    correlationId: 'open-1',
  });
  expect(opened).toMatchObject({ accepted: true });
  expect(isRead).toBe(false);
  for (const client of taken) client.release();
  for (const events of await readers) expect(events.map(({ position }) => position)).toEqual([1, 2]);
  await bank.close();
});

test('a bank that is closed, twice if need be, leaves no connection', async () => {
  const bank = await openBank(await options());
  await bank.readModel.position();
  expect(await connections()).toBeGreaterThan(0);
  await bank.close();
  await bank.close();
  await expect.poll(connections).toBe(0);
});

test('an event log that cannot be reached is one sentence, and leaves no connection', async () => {
  const eventLog = { eventLogUrl: 'kurrentdb://127.0.0.1:1?tls=false&maxDiscoverAttempts=1', ledger: 'main' };
  const opening = openBank({ ...(await options()), eventLog });
  await expect(opening).rejects.toThrow(Failure);
  await expect(opening).rejects.toThrow('The event log of EVENT_LOG_URL cannot be reached');
  await expect.poll(connections).toBe(0);
});

test('a master key that is missing is one sentence, and leaves no connection', async () => {
  // Another process has begun the next generation, and its file is not here.
  const before = await options();
  await owner.query('insert into vault.master_keys (generation) values (2)');
  await expect(openBank(before)).rejects.toThrow('master.2.key is missing or cannot be read');
  await owner.query('delete from vault.master_keys where generation = 2');
  await expect.poll(connections).toBe(0);
});
