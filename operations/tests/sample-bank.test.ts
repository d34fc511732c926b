/** The sample bank comes into a bank that is new, and into no other, whatever is set wrongly or was cut short. */
import { hash } from '@node-rs/argon2';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Failure } from '../../ledger/src/failure.ts';
import { bindJournal } from '../../ledger/src/journal/journal-identity.ts';
import { memoryJournal } from '../../ledger/src/journal/memory-journal.ts';
import { postgresJournal } from '../../ledger/src/journal/postgres-journal.ts';
import { importBank } from '../../importer/src/import-bank.ts';
import { smallBank, writeBank } from '../../importer/tests/import.suite.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { BankConfig } from '../src/open-bank-with-projector.ts';
import { openBankWithProjector } from '../src/open-bank-with-projector.ts';
import { firstStaffOf, forgetFirstStaff } from '../src/staff/first-staff-file.ts';
import { importSampleBank } from '../src/supervisor/sample-bank.ts';
import { plentyOfCash } from '../../ledger/tests/support/plenty-of-cash.ts';

const own = { isOwnDatabase: true };
const sampleAccount = { account: '100001', pin: '4821' };

let database: TestDatabase;
let owner: pg.Pool;
let stateDir: string;
let config: BankConfig;
beforeEach(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-sample-'));
  const eventLog = { eventLogUrl: undefined, ledger: 'main' };
  config = {
    logIns: database.logIns,
    eventLog,
    secrets: await loadSecrets(stateDir, database.logIns.server),
    stateDir,
    timeZone: 'Europe/Paris',
    cashLimits: plentyOfCash,
  };
});
afterEach(async () => {
  await owner.end();
  await database.drop();
  rmSync(stateDir, { recursive: true });
});

const head = (): Promise<number> => postgresJournal({ pool: owner }).head();

/** A bank of somebody's own, from files. */
async function realBank(): Promise<void> {
  const opened = await openBankWithProjector(config);
  await importBank(writeBank(stateDir, smallBank()), opened.bank, () => undefined);
  await opened.shown();
  await opened.close();
}

test('a new bank gets it, once, and shows its first account at every start', async () => {
  expect(await importSampleBank(config, own)).toMatchObject(sampleAccount);
  const after = await head();
  expect(after).toBeGreaterThan(100);
  expect(await importSampleBank(config, own)).toMatchObject(sampleAccount);
  expect(await head()).toBe(after);
});

test('an import that was cut short goes on', async () => {
  await importSampleBank(config, own);
  const after = await head();
  await owner.query(`update journal.identity set sample = 'under way'`);
  expect(await importSampleBank(config, own)).toMatchObject(sampleAccount);
  expect(await head(), 'what was there is not written again').toBe(after);
});

test('a database of one’s own gets nothing', async () => {
  expect(await importSampleBank(config, { isOwnDatabase: false })).toBeUndefined();
  expect(await head()).toBe(0);
});

test('a bank that has events gets nothing, whatever marker lies about', async () => {
  await realBank();
  const before = await head();
  writeFileSync(join(stateDir, 'sample-bank.importing'), '');
  expect(await importSampleBank(config, own)).toBeUndefined();
  expect(await head()).toBe(before);
});

test.each(['access.staff', 'access.pins', 'vault.customer_keys'])(
  'a database that was used before gets nothing into an empty journal: %s',
  async (table) => {
    const rows: Readonly<Record<string, string>> = {
      'access.staff': `(username, password_hash, role) values ('ada', '', 'auditor')`,
      'access.pins': `(account, verifier) values ('1', '')`,
      'vault.customer_keys': `(key_id, wrapped, generation) values (gen_random_uuid(), '', 1)`,
    };
    await owner.query(`insert into ${table} ${rows[table] ?? ''}`);
    expect(await importSampleBank(config, own)).toBeUndefined();
    expect(await head()).toBe(0);
  },
);

test('with EVENT_LOG_URL forgotten nothing is imported, neither then nor at the next start', async () => {
  const journal = memoryJournal();
  await journal.append([{ id: crypto.randomUUID(), type: 'Any', data: '{}', metadata: '{}' }], { after: 0 });
  const eventLog = { eventLogUrl: 'kurrentdb://localhost:2113', ledger: 'main' };
  await bindJournal({ pool: owner, journal, eventLog, projected: 0 });
  for (let start = 0; start < 2; start++) {
    await expect(importSampleBank(config, own)).rejects.toThrow(Failure);
    expect(await head()).toBe(0);
  }
});

test('the first log-in is shown by the next start when the one that made it did not come to that', async () => {
  const made = await firstStaffOf(database.logIns.server, stateDir);
  const file = join(stateDir, 'first-staff');
  expect(made).toMatchObject({ username: 'operator' });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await firstStaffOf(database.logIns.server, stateDir)).toEqual(made);
  forgetFirstStaff(stateDir);
  expect(existsSync(file)).toBe(false);
  expect(await firstStaffOf(database.logIns.server, stateDir)).toBeUndefined();
});

test('a log-in that is no longer good is not shown', async () => {
  await firstStaffOf(database.logIns.server, stateDir);
  await owner.query('update access.staff set password_hash = $1', [await hash('another password')]);
  expect(await firstStaffOf(database.logIns.server, stateDir)).toBeUndefined();
});
