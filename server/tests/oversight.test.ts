/** The calls for the whole bank: its overview, the live feed, verification, and accounts as files. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import pg from 'pg';
import { Agent, request } from 'undici';
import { readBalanceHistory, searchAccounts } from '../../api/src/calls/audit-accounts.ts';
import { readOverview, trialBalance } from '../../api/src/calls/bank-overview.ts';
import * as exported from '../../api/src/calls/exports.ts';
import * as verification from '../../api/src/calls/verification.ts';
import { transfer, withdraw } from '../../api/src/calls/money.ts';
import { reverseEntry } from '../../api/src/calls/operations.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { postgresSecurityLog } from '../src/audit/postgres-security-log.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

let bank: Bank;
let token: string;
let one: Customer;
let other: Customer;
let last: number;
beforeAll(async () => {
  bank = await openBank();
  token = await bank.staff('auditor');
  [one, other] = await Promise.all([bank.customer({ amountMinor: 10_000n }), bank.customer({ amountMinor: 2_000n })]);
  await bank.client.call(transfer, {
    ...{ token: one.token, body: { to: other.account, amount: '30.00', pin: person.pin, reference: '=1+1' } },
  });
  const out = await bank.client.call(withdraw, { token: other.token, body: { amount: '5.00', pin: person.pin } });
  last = out.body.position;
  await bank.client.call(trialBalance, { token, query: { after: last } });
});
afterAll(() => bank.close());

async function verify(): Promise<readonly Record<string, unknown>[]> {
  const { id } = (await bank.client.call(verification.beginVerification, { token })).body;
  const { text } = await bank.client.call(verification.followVerification, { token, params: { id: String(id) } });
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}

test('the overview counts the accounts, and sums what came in, went out and moved by day', async () => {
  const { body } = await bank.client.call(readOverview, { token });
  expect(body.accounts).toEqual({ open: 2, frozen: 0, closed: 0, locked: 0 });
  expect(body.days).toEqual([
    { day: expect.any(String) as string, deposits: '120.00', outflow: '5.00', transfers: '30.00', operations: 5 },
  ]);
});

test('the balance history has a point for each window of entries', async () => {
  const { body } = await bank.client.call(readBalanceHistory, { token, params: { account: other.account } });
  expect(body.points.map(({ version, balance }) => [version, balance])).toEqual([
    [1, '20.00'],
    [2, '50.00'],
    [3, '45.00'],
  ]);
});

test('a bank in order passes verification: every event, every entry, a total of zero', async () => {
  const head = (await bank.history()).length;
  const steps = await verify();
  expect(steps.at(-1)).toMatchObject({
    ...{ state: 'passed', verified: head, position: head, total: '0.00', differences: [] },
    ...{ accounts: 3, entries: 8 },
  });
  const { body } = await bank.client.call(verification.listVerifications, { token });
  expect(body.verifications[0]).toMatchObject({ state: 'passed', startedBy: expect.any(String) as string });
});

test.each([
  [
    'an altered entry',
    'update read.entries set amount = amount + 1 where account = $1 and version = 1',
    { table: 'entries', column: 'amount', journal: '100.00', readModel: '100.01' },
  ],
  ['a missing entry', 'delete from read.entries where account = $1 and version = 2', { table: 'entries' }],
  [
    'an entry too many',
    `insert into read.entries select account, 77, position, posting, type, recorded_at, value_date, amount, balance
     from read.entries where account = $1 and version = 1`,
    { table: 'entries', readModel: expect.stringMatching(/^77 at position \d+$/) as string },
  ],
  [
    'an altered balance',
    'update read.balances set balance = balance + 1 where account = $1',
    { table: 'balances', column: 'balance', journal: '70.00', readModel: '70.01' },
  ],
  [
    'an altered status',
    `update read.accounts set status = 'frozen' where account = $1`,
    { table: 'accounts', column: 'status', journal: 'open', readModel: 'frozen' },
  ],
])('%s is found, with both values', async (_what, tamper, difference) => {
  const client = await bank.database.connect();
  // What was there before is put back for the next.
  await client.query('create temporary table before_entries as select * from read.entries');
  await client.query(
    'create temporary table before_accounts as select account, status, balance from read.accounts join read.balances using (account)',
  );
  await client.query(tamper, [one.account]);
  const final = (await verify()).at(-1);
  await client.query('truncate read.entries; insert into read.entries select * from before_entries');
  await client.query(
    `update read.accounts a set status = b.status from before_accounts b where a.account = b.account;
     update read.balances a set balance = b.balance from before_accounts b where a.account = b.account;
     drop table before_entries, before_accounts`,
  );
  client.release();
  expect(final?.['state']).toBe('differs');
  expect(final?.['differences']).toContainEqual(expect.objectContaining({ ...difference, account: one.account }));
  expect((await verify()).at(-1)).toMatchObject({ state: 'passed' });
});

test.each([
  [
    'a missing key',
    'delete from read.idempotency_keys where position = $1',
    { journal: expect.stringMatching(/^position \d+$/) as string },
  ],
  [
    'a key that leads elsewhere',
    'update read.idempotency_keys set position = 1 where position = $1',
    { column: 'position', readModel: '1' },
  ],
  [
    'a key too many',
    'insert into read.idempotency_keys (key, position) values (gen_random_uuid(), $1)',
    { journal: expect.stringMatching(/^\d+ rows$/) as string },
  ],
])('%s is found', async (_what, tamper, difference) => {
  const client = await bank.database.connect();
  await client.query('create temporary table before_keys as select * from read.idempotency_keys');
  await client.query(tamper, [last]);
  const final = (await verify()).at(-1);
  // The verification's own result has a key by now.
  await client.query(
    `delete from read.idempotency_keys where position <= (select max(position) from before_keys);
     insert into read.idempotency_keys select * from before_keys on conflict do nothing`,
  );
  await client.query('drop table before_keys');
  client.release();
  expect(final?.['differences']).toEqual([expect.objectContaining({ table: 'idempotency_keys', ...difference })]);
});

test('the feed gives past events, then new ones, security events too', { timeout: 30_000 }, async () => {
  const agent = new Agent({ connect: { ca: bank.authority.ca } });
  const { body, statusCode, headers } = await request(
    `${bank.client.origin}/api/v1/audit/feed?after=${String(last - 1)}`,
    {
      ...{ dispatcher: agent, headers: { authorization: `Bearer ${token}` } },
    },
  );
  expect(statusCode).toBe(200);
  expect(headers['content-type']).toContain('text/event-stream');
  let text = '';
  body.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  body.on('error', () => undefined);
  await expect.poll(() => text).toMatch(new RegExp(`^id: ${String(last)}-\\d+$`, 'm'));
  expect(text).toContain('"kind":"staff_');
  await bank.client.call(logIn, { body: { accountNumber: '424242', pin: '0000' } });
  await expect.poll(() => text, { timeout: 5_000 }).toContain('"kind":"pin_wrong","subject":"424242"');
  expect(text).toMatch(/"subject":"424242","terminal":"desk","address":"(127\.0\.0\.1|::1)"/);
  await bank.client.call(withdraw, { token: other.token, body: { amount: '1.00', pin: person.pin } });
  await expect.poll(() => text, { timeout: 5_000 }).toMatch(new RegExp(`^id: ${String(last + 1)}-\\d+$`, 'm'));
  // Whoever comes back with the last event's id gets what came after it, and nothing again.
  const ids = [...text.matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id);
  await bank.client.call(logIn, { body: { accountNumber: '434343', pin: '0000' } });
  await expect.poll(() => text, { timeout: 5_000 }).toContain('"subject":"434343"');
  const again = await request(`${bank.client.origin}/api/v1/audit/feed`, {
    ...{ dispatcher: agent, headers: { authorization: `Bearer ${token}`, 'last-event-id': ids.at(-1) ?? '' } },
  });
  const [first] = (await again.body.take(1).toArray()) as Uint8Array[];
  expect(Buffer.from(first ?? []).toString()).toContain('"subject":"434343"');
  const unknown = await bank.client.raw('GET', '/api/v1/audit/feed', {
    headers: { authorization: `Bearer ${token}`, 'last-event-id': '12' },
  });
  expect(unknown.body).toMatchObject({ code: 'validation_failed', errors: [{ where: 'header Last-Event-ID' }] });
  body.destroy();
  await agent.close();
});

test('security events are deleted after their retention period, and the server can delete no younger ones', async () => {
  const server = new pg.Pool({ connectionString: bank.databaseUrl, options: '-c role=grandlivre_server', max: 1 });
  const log = postgresSecurityLog({
    pool: server,
    readers: server,
    keepDays: 30,
    onTrouble: (error) => {
      throw error;
    },
  });
  await bank.database.query(
    `insert into audit.security_events (kind, subject, terminal, address, at)
     select 'pin_wrong', 'aged ' || days, 'desk', '192.0.2.7', now() - make_interval(days => days)
     from unnest(array[29, 31]) as ages (days)`,
  );
  await log.sweep();
  const left = await bank.database.query(`select subject from audit.security_events where subject like 'aged %'`);
  expect(left.rows).toEqual([{ subject: 'aged 29' }]);
  await expect(server.query('delete from audit.security_events')).rejects.toThrow(/permission denied/);
  await server.query('select audit.sweep_security_events(-5)');
  const today = await bank.database.query('select from audit.security_events');
  expect(today.rowCount).toBeGreaterThan(0);
  await server.end();
});

test('entries and events of any range are downloaded as files', async () => {
  const params = { account: other.account };
  const csv = await bank.client.call(exported.exportEntries, { token, params, query: { from: 2, to: 2 } });
  expect(csv.headers['content-disposition']).toBe(`attachment; filename="entries-${other.account}.csv"`);
  const [head, row, ...rest] = csv.text.trim().split('\n');
  expect(head).toBe(
    'version;entryId;position;recordedAt;valueDate;type;label;amount;balanceAfter;counterparty;reference',
  );
  // No spreadsheet runs it.
  expect(row).toMatch(/^2;\d+\.1;.*;transfer_in;.*;30\.00;50\.00;\d+;'=1\+1$/);
  expect(rest).toEqual([]);

  const { text } = await bank.client.call(exported.exportEvents, { token, params });
  const events = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { type: string; position: number });
  expect(events.map(({ type }) => type).slice(0, 4)).toEqual([
    'AccountOpened',
    'Deposited',
    'Transferred',
    'Withdrawn',
  ]);
  const some = await bank.client.call(exported.exportEvents, {
    ...{ token, params, query: { from: events[1]?.position ?? 0, to: events[2]?.position ?? 0 } },
  });
  expect(some.text).toBe(`${text.split('\n').slice(1, 3).join('\n')}\n`);
});

test('a statement is a PDF, and a range that ends before it begins is rejected', async () => {
  const params = { account: other.account };
  const some = await bank.client.call(exported.exportStatement, { token, params });
  expect(some.headers['content-type']).toBe('application/pdf');
  expect(some.text).toMatch(/^%PDF-1\.7/);
  expect(some.text.trimEnd()).toMatch(/%%EOF$/);
  expect(some.text.match(/\/Type \/Page\n/g)).toHaveLength(1);
  const wrong = await bank.client.call(exported.exportStatement, { token, params, query: { from: 3, to: 2 } });
  expect(wrong.body.code).toBe('validation_failed');
});

test('accounts are found by status and type as well', async () => {
  const search = async (query: Record<string, string>) =>
    (await bank.client.call(searchAccounts, { token, query })).body.accounts.map(({ account }) => account);
  // Opened at once: either may have the lower number.
  const both = [one.account, other.account].sort();
  expect(await search({ status: 'open' })).toEqual(both);
  expect(await search({ status: 'frozen' })).toEqual([]);
  expect(await search({ type: 'current', query: 'zoe' })).toEqual(both);
  expect(await search({ type: 'savings', query: 'zoe' })).toEqual([]);
});

test('a statement has at most 5,000 entries, wherever it begins', async () => {
  const { account } = await bank.customer();
  await bank.database.query(
    `insert into read.entries (account, version, position, posting, type, recorded_at, value_date, amount, balance)
     select $1, version, 1, 0, 'deposit', now(), date '2026-01-01', 100, 100 * version from generate_series(1, 5001) version`,
    [account],
  );
  await bank.database.query('update read.balances set version = 5001, balance = 500100 where account = $1', [account]);
  const statement = (query: Record<string, number>) =>
    bank.client.call(exported.exportStatement, { token, params: { account }, query });
  expect((await statement({ from: 1 })).body).toMatchObject({
    code: 'validation_failed',
    errors: [
      { where: 'query.from', problem: expect.stringMatching(/^must be at least 2, or come with a to/) as string },
    ],
  });
  for (const query of [{}, { from: 2 }, { from: 1, to: 5_000 }, { to: 10 }, { from: 4_999 }]) {
    expect((await statement(query)).status).toBe(200);
  }
  await bank.database.query('delete from read.entries where account = $1', [account]);
  await bank.database.query('update read.balances set version = 0, balance = 0 where account = $1', [account]);
});

test('a reversed transfer is no cash that came in or went out', async () => {
  const operator = await bank.staff('operator');
  const [from, to] = [await bank.customer({ amountMinor: 5_000n }), await bank.customer()];
  const sent = await bank.client.call(transfer, {
    ...{ token: from.token, body: { to: to.account, amount: '12.34', pin: person.pin } },
  });
  // Each server shows the overview of up to a minute ago: a new one has none yet.
  const overview = async (after: number) => {
    await bank.client.call(trialBalance, { token, query: { after } });
    const { client } = await bank.startServer();
    return (await client.call(readOverview, { token })).body.days.at(-1);
  };
  const before = await overview(sent.body.position);
  const reversed = await bank.client.call(reverseEntry, {
    ...{ token: operator, params: { entryId: `${String(sent.body.position)}.0` }, body: { reason: 'wrong account' } },
  });
  const after = await overview(reversed.body.position);
  expect(after).toMatchObject({ deposits: before?.deposits, outflow: before?.outflow });
  expect(Number(after?.transfers)).toBeCloseTo(Number(before?.transfers) + 12.34);
});
