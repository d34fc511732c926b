/** A bank that version 0.1.0 wrote is opened by this one: migrated, verified against its journal, and used. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { readConfig } from '../../server/src/config.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import { onDatabase } from '../../tests/support/postgres-setup.ts';
import { verifyRestored } from '../src/backup/verify-restored.ts';
import { openDatabase } from '../src/database.ts';
import { ensureLogIns } from '../src/log-in-roles.ts';
import { openBankWithProjector } from '../src/open-bank-with-projector.ts';
import { until } from './start.suite.ts';

const written = fileURLToPath(new URL('version-0.1.0', import.meta.url));
/** What that version said when it ended. */
const then = { position: 159, entries: 268, balance: 868_837n };

const name = 'written_by_0_1_0';
const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-upgrade-'));
const admin = new pg.Client({ connectionString: inject('databaseUrl') });
const config = readConfig({ DATABASE_URL: onDatabase(inject('databaseUrl'), name), STATE_DIR: stateDir });

beforeAll(async () => {
  cpSync(written, stateDir, { recursive: true });
  await admin.connect();
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.query(`create database ${name}`);
  const client = new pg.Client({ connectionString: config.databaseUrl });
  await client.connect();
  await client.query(gunzipSync(readFileSync(join(written, 'database.sql.gz'))).toString());
  await client.end();
});
afterAll(async () => {
  // A pool that ended does not wait until its connections have gone.
  await until(
    async () => (await admin.query('select from pg_stat_activity where datname = $1', [name])).rowCount === 0,
  );
  await admin.query(`drop database if exists ${name} with (force)`);
  await admin.end();
  rmSync(stateDir, { recursive: true, force: true });
});

test('it is migrated, agrees with its journal, and its people are who they were', async () => {
  expect(await verifyRestored(config)).toMatchObject({ position: then.position, entries: then.entries });
  const { url, release } = await openDatabase(config);
  const logIns = await ensureLogIns(url, config);
  const secrets = await loadSecrets(stateDir, logIns.server);
  const opened = await openBankWithProjector({ ...config, logIns, secrets });
  const { bank } = opened;
  expect(bank.bookkeeper.head).toBe(then.position);
  expect(bank.bookkeeper.account('100001')).toMatchObject({ balance: then.balance, status: 'open' });
  expect(bank.bookkeeper.account('100002')).toMatchObject({ status: 'frozen' });
  const session = { requestHash: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ', actor: 'session:upgrade', terminal: 'desk' };
  const outcome = await bank.bookkeeper.submit({
    command: { type: 'Deposit', account: '100001', terminal: 'desk', amount: 100n, currency: 'EUR' },
    ...{ ...session, commandId: 'account:100001:after-the-upgrade', correlationId: 'upgrade' },
  });
  expect(outcome).toMatchObject({ accepted: true, position: then.position + 1 });
  await opened.shown();
  await opened.close();
  await release();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ name: string }>(
    `select c.last_name || ', ' || c.first_name as name from read.customers c join read.accounts using (customer) where account = '100001'`,
  );
  await client.end();
  expect(rows).toEqual([{ name: 'Marchandeau, Éloïse' }]);
  expect(await verifyRestored(config)).toMatchObject({ position: then.position + 1, entries: then.entries + 2 });
});
