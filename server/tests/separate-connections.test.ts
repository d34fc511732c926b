/** Each kind of work has its own connections: whoever reads for long keeps no command waiting, and a database that hangs ends every wait. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { downloadStatement, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { auditEntries, auditState } from '../../api/src/calls/audit-accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { ready } from '../../api/src/calls/system.ts';
import type { Line } from '../../tests/support/line.ts';
import { openLine } from '../../tests/support/line.ts';
import { connectionsOfServer, openPools, serverConnection } from '../src/connections.ts';
import { isUnavailable } from '../src/http/infrastructure.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
let bank: Bank;
let customer: Customer;
let auditor: string;
let owner: pg.Client;
beforeAll(async () => {
  bank = await openBank();
  customer = await bank.customer({ amountMinor: 1_000n });
  auditor = await bank.staff('auditor');
  owner = new pg.Client({ connectionString: bank.databaseUrl });
  await owner.connect();
});
afterAll(async () => {
  await owner.end();
  await bank.close();
});

const account = () => ({ account: customer.account });
/** More of each than it has connections. */
const crowds = [
  ['auditors fold', () => bank.client.call(auditState, { token: auditor, params: account() }), 'audit'],
  ['auditors read entries', () => bank.client.call(auditEntries, { token: auditor, params: account() }), 'audit'],
  ['customers read their entries', () => bank.client.call(readOwnEntries, { token: customer.token }), 'reads'],
  ['customers download', () => bank.client.call(downloadStatement, { token: customer.token }), 'streams'],
] as const;

test.each(crowds)('while %s and the database does not let them, deposits go on', async (_what, call) => {
  await owner.query('begin');
  await owner.query('lock table read.entries in access exclusive mode');
  const crowd = Promise.all(Array.from({ length: 12 }, () => call()));
  const isWaiting = async (): Promise<number> => {
    const { rows } = await owner.query<{ count: string }>(
      `select count(*) from pg_locks where not granted and relation = 'read.entries'::regclass`,
    );
    return Number(rows[0]?.count);
  };
  await expect.poll(isWaiting).toBeGreaterThan(0);
  const done = await bank.client.call(deposit, { token: customer.token, body: { amount: '1', pin } });
  expect(done.status).toBe(201);
  expect((await bank.client.call(ready)).body).toMatchObject({ status: 'ready', reasons: [] });
  await owner.query('rollback');
  for (const { status } of await crowd) expect([200, 503]).toContain(status);
});

test('a server opens no more connections than it says', async () => {
  await Promise.all(crowds.flatMap(([, call]) => Array.from({ length: 12 }, () => call())));
  const { rows } = await owner.query<{ count: string }>(
    `select count(*) from pg_stat_activity where datname = current_database() and application_name = 'grand-livre-server'`,
  );
  expect(Number(rows[0]?.count)).toBeLessThanOrEqual(connectionsOfServer);
});

test('a lock that nobody gives up ends the wait for it, as what passes', async () => {
  const pools = openPools(serverConnection(bank.logIns.server, 'server'), () => undefined);
  try {
    await owner.query('begin');
    await owner.query('lock table read.entries in access exclusive mode');
    const failure: unknown = await pools.reads.query('select from read.entries').catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: '55P03' });
    expect(isUnavailable(failure)).toBe(true);
  } finally {
    await owner.query('rollback');
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
  }
});

test('a database that says nothing at all ends every wait, and its connections are not used again', async () => {
  const line: Line = await openLine(bank.logIns.server);
  const pools = openPools(serverConnection(line.url, 'server'), () => undefined);
  try {
    await pools.health.query('select');
    line.mute();
    const failure: unknown = await pools.health.query('select').catch((error: unknown) => error);
    expect(isUnavailable(failure)).toBe(true);
    line.cut();
    line.mend();
    expect((await pools.health.query('select')).rowCount).toBe(1);
  } finally {
    await line.close();
    await Promise.all(Object.values(pools).map((pool) => pool.end()));
  }
});
