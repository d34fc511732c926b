/** The auditor's calls: finding accounts, replaying an account's history, and the balance of the whole bank. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { encode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import * as audit from '../../api/src/calls/audit-accounts.ts';
import { trialBalance } from '../../api/src/calls/bank-overview.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Reply } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let token: string;
let zoe: Customer;
let paul: Customer;
let position = 0;

beforeAll(async () => {
  bank = await openBank();
  token = await bank.staff('auditor');
  zoe = await bank.customer({ amountMinor: 10_000n, firstName: 'Zoé' });
  paul = await bank.customer({ firstName: 'Paul' });
  await bank.client.call(withdraw, { token: zoe.token, body: { amount: '20', pin } });
  await bank.client.call(transfer, { token: zoe.token, body: { to: paul.account, amount: '30', pin } });
  const last = await bank.client.call(deposit, { token: zoe.token, body: { amount: '5', pin } });
  position = last.body.position;
});
afterAll(() => bank.close());

const query = () => ({ after: position });

test('accounts are found by number, holder and type, page by page', async () => {
  const found = async (sent: Record<string, string | number>) => {
    const { body } = await bank.client.call(audit.searchAccounts, { token, query: { ...query(), ...sent } });
    return body as { accounts: { account: string; holder: string }[]; next?: string };
  };
  expect((await found({ query: 'zoe' })).accounts).toMatchObject([
    { account: zoe.account, holder: 'Zoé Dupont-Évrard', balance: '55.00', kind: 'customer', version: 4 },
  ]);
  expect((await found({ query: paul.account })).accounts).toMatchObject([{ account: paul.account }]);
  expect((await found({ query: 'nobody' })).accounts).toEqual([]);
  expect((await found({ query: '' })).accounts).toHaveLength(2);
  const first = await found({ limit: 1 });
  expect(first.accounts).toMatchObject([{ account: zoe.account }]);
  const second = await found({ limit: 1, cursor: first.next ?? '' });
  expect(second).toMatchObject({ accounts: [{ account: paul.account }] });
  expect(second.next).toBeUndefined();
});

test('one account, a customer’s or the bank’s own', async () => {
  const one = (account: string) => bank.client.call(audit.auditAccount, { token, params: { account }, query: query() });
  expect((await one(zoe.account)).body).toMatchObject({ balance: '55.00', accountType: 'current', floor: '0.00' });
  expect((await one('cash:desk')).body).toMatchObject({ kind: 'internal', balance: '-85.00', version: 3 });
  expect((await one('999')).body).toMatchObject({ code: 'account_not_found', status: 404 });
  expect((await one('00')).body.code).toBe('validation_failed');
});

test('events come as the journal has them, in pages', async () => {
  const all: {
    position: number;
    type: string;
    data: object;
    metadata: object;
    stored: { data: string; metadata: string };
  }[] = [];
  let cursor: string | undefined = '0';
  while (cursor !== undefined) {
    const page: Reply<{ events: typeof all; next?: string | undefined }> = await bank.client.call(audit.auditEvents, {
      token,
      params: { account: zoe.account },
      query: { ...query(), cursor, limit: 2 },
    });
    all.push(...page.body.events);
    cursor = page.body.next;
  }
  expect(all.map(({ type }) => type)).toEqual(['AccountOpened', 'Deposited', 'Withdrawn', 'Transferred', 'Deposited']);
  const history = await bank.history();
  for (const event of all) {
    const { id, event: fact, metadata } = history[event.position - 1] as Recorded;
    const { data, metadata: metadataText } = encode(id, fact, metadata);
    expect(event.stored).toEqual({ data, metadata: metadataText });
    expect(event.data).toEqual(JSON.parse(event.stored.data));
    expect(event.metadata).toEqual(JSON.parse(event.stored.metadata));
  }
});

const state = async (sent: Record<string, string | number>, account = zoe.account) =>
  (await bank.client.call(audit.auditState, { token, params: { account }, query: { ...query(), ...sent } })).body;

test('the state at any version, and now', async () => {
  const balances = [];
  for (let version = 0; version <= 4; version++) balances.push((await state({ version })).state?.balance);
  expect(balances).toEqual(['0.00', '100.00', '80.00', '50.00', '55.00']);
  expect(await state({})).toMatchObject({ state: { balance: '55.00', version: 4 }, asOf: { position } });
  expect(await state({ version: 5 })).toMatchObject({
    code: 'validation_failed',
    errors: [{ where: 'query.version', problem: 'must be at most 4: the account has had no more postings' }],
  });
  expect(await state({ version: 0 }, 'cash:desk')).not.toHaveProperty('state');
  expect(await state({ version: 1 }, 'cash:desk')).toMatchObject({ state: { balance: '-100.00' } });
});

const stateSummary = async (sent: Record<string, string | number>, account = zoe.account) =>
  (await bank.client.call(audit.auditStateSummary, { token, params: { account }, query: sent })).body;

/** When each event of an account was recorded, oldest first. */
async function momentsOf(account: string, after: number): Promise<readonly string[]> {
  const { body } = await bank.client.call(audit.auditEvents, { token, params: { account }, query: { after } });
  return body.events.map(({ metadata }) => metadata['recordedAt'] ?? '');
}
const justBefore = (moment: string): string => new Date(Date.parse(moment) - 1).toISOString();

test('the state at any moment, and the balance by value date beside it', async () => {
  const [, deposited = ''] = await momentsOf(zoe.account, position);
  expect(await state({ at: deposited })).toMatchObject({ state: { balance: '100.00', version: 1 } });
  expect(await state({ at: justBefore(deposited) })).toMatchObject({ state: { version: 0 } });
  const today = civilTime('Europe/Paris').dayOf(Date.parse(deposited));
  expect(await state({ at: today })).toMatchObject({ state: { balance: '55.00' }, balanceByValueDate: '55.00' });
  expect(await state({ at: '2001-01-01' })).toEqual({ account: zoe.account, balanceByValueDate: '0.00' });
  // An instant is an instant, however it is written and however far away.
  expect(await state({ at: deposited.replace('Z', '-00:00') })).toMatchObject({ state: { version: 1 } });
  for (const at of ['9999-12-31T23:59:59-14:00', '9999-12-31']) {
    expect(await state({ at })).toMatchObject({ state: { balance: '55.00' }, balanceByValueDate: '55.00' });
    expect((await stateSummary({ at })).state).toMatchObject({ balance: '55.00' });
  }
  expect((await state({ at: today, version: 1 })).code).toBe('validation_failed');
});

test('the state summary after a posting or at a moment is what the fold of all the account’s events says', async () => {
  const moments = await momentsOf(zoe.account, position);
  for (const at of [...moments.slice(1), civilTime('Europe/Paris').dayOf(Date.parse(moments[1] ?? ''))]) {
    expect((await stateSummary({ at })).state).toEqual((await state({ at })).state);
  }
  for (const version of [1, 2, 3, 4]) {
    expect((await stateSummary({ version })).state).toEqual((await state({ version })).state);
  }
  expect((await stateSummary({ at: justBefore(moments[1] ?? '') })).code).toBe('entry_not_found');
  expect((await stateSummary({ at: '0000-01-01' })).code).toBe('entry_not_found');
  expect((await stateSummary({ version: 5 })).code).toBe('entry_not_found');
  for (const sent of [{}, { version: 1, at: '2026-01-01' }]) {
    expect((await stateSummary(sent)).errors).toEqual([{ where: 'query', problem: 'must have either version or at' }]);
  }
});

test.each(['yesterday', '2026-13-01', '2026-02-30', '2026-01-01T10:00', '2026-02-30T99:00:00Z'])(
  'the moment %j is rejected in one sentence',
  async (at) => {
    for (const rejected of [await state({ at }), await stateSummary({ at })]) {
      expect(rejected.errors).toEqual([
        { where: 'query.at', problem: expect.stringMatching(/^must be a day/) as string },
      ]);
    }
  },
);

test('entries of any account, newest first', async () => {
  const { body } = await bank.client.call(audit.auditEntries, {
    token,
    params: { account: 'cash:desk' },
    query: { ...query(), limit: 2 },
  });
  expect(body.entries).toMatchObject([
    { version: 3, amount: '-5.00', balanceAfter: '-85.00' },
    { version: 2, amount: '20.00' },
  ]);
  expect(body.next).toBe('2');
});

test('the trial balance is zero, and says at which position', async () => {
  const { body } = await bank.client.call(trialBalance, { token, query: query() });
  expect(body).toMatchObject({ total: '0.00', balanced: true });
  expect(body.position).toBeGreaterThanOrEqual(position);
  expect(body.accounts).toContainEqual({ kind: 'customer', accounts: 2, balance: '85.00' });
  expect(body.accounts).toContainEqual({ kind: 'cash', accounts: 1, balance: '-85.00' });
});

/** Changes one event of the journal, as nobody can who has not the database's owner's password. */
async function tamper(at: number, what: 'data' | 'metadata', from: string, to: string): Promise<void> {
  await bank.database.query('alter table journal.events disable trigger append_only');
  await bank.database.query(`update journal.events set ${what} = replace(${what}, $2, $3) where position = $1`, [
    at,
    from,
    to,
  ]);
  await bank.database.query('alter table journal.events enable trigger append_only');
}

test('an event recorded by a server whose clock was ahead counts from the moment of the next event', async (context) => {
  if (testEventLog().eventLogUrl !== undefined) context.skip('needs a journal that can be tampered with: PostgreSQL');
  const { account, token: session } = await bank.customer({ amountMinor: 500n });
  const ahead = await bank.client.call(deposit, { token: session, body: { amount: '1', pin } });
  const last = await bank.client.call(deposit, { token: session, body: { amount: '1', pin } });
  const [, first = '', second = '', third = ''] = await momentsOf(account, last.body.position);
  await tamper(ahead.body.position, 'metadata', second, new Date(Date.parse(third) + 10_000).toISOString());
  expect((await state({ at: third }, account)).state).toMatchObject({ version: 3, balance: '7.00' });
  expect((await state({ at: justBefore(third) }, account)).state).toMatchObject({ version: 1, balance: '5.00' });
  expect((await state({ at: first }, account)).state).toMatchObject({ version: 1 });
});

test('a history that contradicts itself is reported as history_broken', async (context) => {
  if (testEventLog().eventLogUrl !== undefined) context.skip('needs a journal that can be tampered with: PostgreSQL');
  const victim = await bank.customer({ amountMinor: 500n });
  const done = await bank.client.call(deposit, { token: victim.token, body: { amount: '1', pin } });
  const after = done.body.position;
  expect((await state({ after }, victim.account)).state?.balance).toBe('6.00');
  const [, , broken = ''] = await momentsOf(victim.account, after);
  await tamper(after, 'data', '"100"', '"101"');
  expect(await state({}, victim.account)).toMatchObject({ code: 'history_broken', status: 500 });
  expect(await state({ at: broken }, victim.account)).toMatchObject({ code: 'history_broken' });
  // The state before it can still be read.
  expect((await state({ at: justBefore(broken) }, victim.account)).state?.balance).toBe('5.00');
});

test('an entry that only the read model has gives no state summary', async () => {
  const { account } = await bank.customer();
  await bank.database.query(
    `insert into read.entries (account, version, position, posting, type, recorded_at, value_date, amount, balance)
     values ($1, 1, 999999999, 0, 'deposit', now(), now(), 100, 100)`,
    [account],
  );
  expect((await stateSummary({ version: 1 }, account)).code).toBe('entry_not_found');
});
