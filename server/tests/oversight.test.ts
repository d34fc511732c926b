/** The whole bank from above: at a glance, live, verified, as files. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Agent, request } from 'undici';
import * as contract from '../src/http/contract/audit.ts';
import { transfer, withdraw } from '../src/http/contract/money.ts';
import { logIn } from '../src/http/contract/sessions.ts';
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
  [one, other] = await Promise.all([bank.customer({ cents: 10_000 }), bank.customer({ cents: 2_000 })]);
  await bank.client.call(transfer, {
    ...{ token: one.token, body: { to: other.account, amount: '30.00', pin: person.pin, reference: '=1+1' } },
  });
  const out = await bank.client.call(withdraw, { token: other.token, body: { amount: '5.00', pin: person.pin } });
  last = out.body.position;
  await bank.client.call(contract.trialBalance, { token, query: { after: last } });
});
afterAll(() => bank.close());

async function verify(): Promise<readonly Record<string, unknown>[]> {
  const { id } = (await bank.client.call(contract.beginVerification, { token })).body;
  const { text } = await bank.client.call(contract.followVerification, { token, params: { id: String(id) } });
  return text
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => JSON.parse(line.slice(6)) as Record<string, unknown>);
}

test('the bank at a glance: accounts, and what came in, went out and moved', async () => {
  const { body } = await bank.client.call(contract.readOverview, { token });
  expect(body.accounts).toEqual({ open: 2, frozen: 0, closed: 0, locked: 0 });
  expect(body.days).toEqual([
    { day: expect.any(String) as string, deposits: '120.00', outflow: '5.00', transfers: '30.00', operations: 5 },
  ]);
});

test('the curve of an account has each stretch’s last, lowest and highest balance', async () => {
  const { body } = await bank.client.call(contract.readCurve, { token, params: { account: other.account } });
  expect(body.points.map(({ version, balance }) => [version, balance])).toEqual([
    [1, '20.00'],
    [2, '50.00'],
    [3, '45.00'],
  ]);
});

test('a bank in order is verified: every event, every entry, a total of zero', async () => {
  const steps = await verify();
  const head = (await bank.history()).length;
  expect(steps.at(-1)).toMatchObject({
    ...{ state: 'passed', verified: head, position: head, total: '0.00', differences: [] },
    ...{ accounts: 3, entries: 8 },
  });
  const { body } = await bank.client.call(contract.listVerifications, { token });
  expect(body.verifications[0]).toMatchObject({ state: 'passed', startedBy: expect.any(String) as string });
});

test.each([
  [
    'an altered entry',
    'update read.entries set amount = amount + 1 where account = $1 and version = 1',
    { what: 'entry', journal: expect.stringContaining('10000') as string },
  ],
  ['a missing entry', 'delete from read.entries where account = $1 and version = 2', { what: 'entry' }],
  [
    'an entry too many',
    `insert into read.entries select account, 77, position, posting, type, recorded_at, value_date, amount, balance
     from read.entries where account = $1 and version = 1`,
    { what: 'entry', readModel: '3 entries, up to 77' },
  ],
  [
    'an altered balance',
    'update read.balances set balance = balance + 1 where account = $1',
    { what: 'balance', journal: '7000', readModel: '7001' },
  ],
  [
    'an altered status',
    `update read.accounts set status = 'frozen' where account = $1`,
    { what: 'status', journal: 'open', readModel: 'frozen' },
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

test('the feed gives what has been, then what happens, at the doors too', { timeout: 30_000 }, async () => {
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
  await expect.poll(() => text).toContain(`id: ${String(last)}\n`);
  expect(text).toContain('"kind":"staff_');
  await bank.client.call(logIn, { body: { accountNumber: '424242', pin: '0000' } });
  await expect.poll(() => text, { timeout: 5_000 }).toContain('"kind":"pin_wrong","subject":"424242"');
  await bank.client.call(withdraw, { token: other.token, body: { amount: '1.00', pin: person.pin } });
  await expect.poll(() => text, { timeout: 5_000 }).toContain(`id: ${String(last + 1)}\n`);
  body.destroy();
  await agent.close();
});

test('entries and events of any stretch as files', async () => {
  const params = { account: other.account };
  const csv = await bank.client.call(contract.exportEntries, { token, params, query: { from: 2, to: 2 } });
  expect(csv.headers['content-disposition']).toBe(`attachment; filename="entries-${other.account}.csv"`);
  const [head, row, ...rest] = csv.text.trim().split('\n');
  expect(head).toBe(
    'version;entryId;position;recordedAt;valueDate;type;label;amount;balanceAfter;counterparty;reference',
  );
  // No spreadsheet runs it.
  expect(row).toMatch(/^2;\d+\.1;.*;transfer_in;.*;30\.00;50\.00;\d+;'=1\+1$/);
  expect(rest).toEqual([]);

  const { text } = await bank.client.call(contract.exportEvents, { token, params });
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
  const some = await bank.client.call(contract.exportEvents, {
    ...{ token, params, query: { from: events[1]?.position ?? 0, to: events[2]?.position ?? 0 } },
  });
  expect(some.text).toBe(`${text.split('\n').slice(1, 3).join('\n')}\n`);
});

test('a statement is a PDF of as many pages as it needs', async () => {
  const params = { account: other.account };
  const some = await bank.client.call(contract.exportStatement, { token, params });
  expect(some.headers['content-type']).toBe('application/pdf');
  expect(some.text).toMatch(/^%PDF-1\.7/);
  expect(some.text.trimEnd()).toMatch(/%%EOF$/);
  expect(some.text.match(/\/Type \/Page\n/g)).toHaveLength(1);
  const wrong = await bank.client.call(contract.exportStatement, { token, params, query: { from: 3, to: 2 } });
  expect(wrong.body.code).toBe('validation_failed');
});

test('accounts are found by status and type as well', async () => {
  const search = async (query: Record<string, string>) =>
    (await bank.client.call(contract.searchAccounts, { token, query })).body.accounts.map(({ account }) => account);
  // Opened at once: either may have the lower number.
  const both = [one.account, other.account].sort();
  expect(await search({ status: 'open' })).toEqual(both);
  expect(await search({ status: 'frozen' })).toEqual([]);
  expect(await search({ type: 'current', query: 'zoe' })).toEqual(both);
  expect(await search({ type: 'savings', query: 'zoe' })).toEqual([]);
});
