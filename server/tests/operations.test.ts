/** An operator acts, always with a reason, always under their name in the journal; an auditor may not. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { auditEntries, auditState } from '../../api/src/calls/audit-accounts.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import * as operations from '../../api/src/calls/operations.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

let bank: Bank;
let operator: string;
let auditor: string;
beforeAll(async () => {
  bank = await openBank();
  [operator, auditor] = await Promise.all([bank.staff('operator'), bank.staff('auditor')]);
});
afterAll(() => bank.close());

const { pin } = person;
const onAccounts = [
  operations.freezeAccount,
  operations.unfreezeAccount,
  operations.unlockAccess,
  operations.closeAccount,
] as const;

test.each(onAccounts.map((call) => [call.id, call] as const))(
  '%s: not for an auditor, nor for a customer, nor without a reason',
  async (_id, call) => {
    const { account, token } = await bank.customer();
    const body = { reason: 'because' };
    const params = { account };
    expect((await bank.client.call(call, { params, body, token: auditor })).body.code).toBe('forbidden');
    expect((await bank.client.call(call, { params, body, token })).body.code).toBe('unauthenticated');
    for (const wrong of [{}, { reason: '' }, { reason: '   ' }, { reason: 'x'.repeat(501) }]) {
      const rejected = await bank.client.call(call, { params, body: wrong, token: operator });
      expect(rejected.body.code).toBe('validation_failed');
    }
    const history = await bank.history();
    expect(history.filter(({ metadata }) => metadata.actor.startsWith('staff:'))).toEqual([]);
  },
);

const logInAgain = async (account: string): Promise<string> =>
  (await bank.client.call(logIn, { body: { accountNumber: account, pin } })).body.token;

test('frozen, nothing moves; unfrozen, it does again; each with its reason in the journal', async () => {
  const { account, token } = await bank.customer({ amountMinor: 1_000n });
  const params = { account };
  const key = randomUUID();
  const frozen = { params, body: { reason: 'suspicion of fraud' }, token: operator, key };
  const first = await bank.client.call(operations.freezeAccount, frozen);
  expect(first.status).toBe(200);
  // The same key again: the same answer, and one event.
  const again = await bank.client.call(operations.freezeAccount, frozen);
  expect(again.body).toEqual(first.body);
  const another = await bank.client.call(operations.freezeAccount, { ...frozen, key: randomUUID() });
  expect(another.body.code).toBe('account_frozen');
  // Its sessions ended with it; whoever logs in again may look, and move nothing.
  expect((await bank.client.call(deposit, { token, body: { amount: '1.00', pin } })).body.code).toBe('unauthenticated');
  const money = { token: await logInAgain(account), body: { amount: '1.00', pin } };
  expect((await bank.client.call(deposit, money)).body.code).toBe('account_frozen');
  expect((await bank.client.call(withdraw, money)).body.code).toBe('account_frozen');
  const unfrozen = { params, body: { reason: 'explained' }, token: operator };
  expect((await bank.client.call(operations.unfreezeAccount, unfrozen)).status).toBe(200);
  expect((await bank.client.call(operations.unfreezeAccount, unfrozen)).body.code).toBe('account_not_frozen');
  expect((await bank.client.call(deposit, money)).status).toBe(201);
  const acts = (await bank.history()).filter(({ event }) => 'account' in event && event.account === account);
  expect(acts.map(({ event }) => ('reason' in event ? event.reason : event.type))).toEqual([
    'AccountOpened',
    'suspicion of fraud',
    ...['CommandDeclined', 'CommandDeclined', 'CommandDeclined'],
    'explained',
    'CommandDeclined',
  ]);
  expect(acts[1]?.metadata.actor).toMatch(/^staff:/);
});

test('unlocked, the right PIN opens at once', async () => {
  const { account } = await bank.customer();
  const attempt = (typed: string) => bank.client.call(logIn, { body: { accountNumber: account, pin: typed } });
  for (let n = 0; n < 3; n++) await attempt('0000');
  expect((await attempt(pin)).body.code).toBe('access_locked');
  const done = await bank.client.call(operations.unlockAccess, {
    ...{ params: { account }, body: { reason: 'proved who they are' }, token: operator },
  });
  expect(done.status).toBe(200);
  expect((await attempt(pin)).status).toBe(201);
  const state = await bank.client.call(auditState, {
    ...{ params: { account }, query: { after: done.body.position }, token: auditor },
  });
  expect(state.body.state?.lockedUntil).toBeUndefined();
});

test('only an empty account can be closed, and nothing opens it again', async () => {
  const { account, token } = await bank.customer({ amountMinor: 500n });
  const close = { params: { account }, body: { reason: 'at the customer’s wish' }, token: operator };
  expect((await bank.client.call(operations.closeAccount, close)).body.code).toBe('account_not_empty');
  await bank.client.call(withdraw, { token, body: { amount: '5.00', pin } });
  expect((await bank.client.call(operations.closeAccount, close)).status).toBe(200);
  expect((await bank.client.call(operations.closeAccount, close)).body.code).toBe('account_closed');
  const after = { token: await logInAgain(account), body: { amount: '1.00', pin } };
  expect((await bank.client.call(deposit, after)).body.code).toBe('account_closed');
});

test('an entry is undone once, on both sides, by a new one', async () => {
  const [from, to] = await Promise.all([bank.customer({ amountMinor: 2_000n }), bank.customer()]);
  const sent = await bank.client.call(transfer, { token: from.token, body: { to: to.account, amount: '7.50', pin } });
  const after = sent.body.position;
  const before = await bank.client.call(auditEntries, {
    ...{ params: { account: from.account }, query: { after }, token: auditor },
  });
  const [entry] = before.body.entries;
  const undo = { params: { entryId: entry?.entryId ?? '' }, body: { reason: 'sent to the wrong person' } };
  expect((await bank.client.call(operations.reverseEntry, { ...undo, token: auditor })).body.code).toBe('forbidden');
  const undone = await bank.client.call(operations.reverseEntry, { ...undo, token: operator });
  expect(undone.status).toBe(200);
  for (const [{ token }, balance] of [
    [from, '20.00'],
    [to, '0.00'],
  ] as const) {
    const query = { after: undone.body.position };
    expect((await bank.client.call(readOwnAccount, { token, query })).body.balance).toBe(balance);
  }
  const twice = await bank.client.call(operations.reverseEntry, { ...undo, token: operator });
  expect(twice.body.code).toBe('entry_already_reversed');
  const reversal = (await bank.history()).find(({ position }) => position === undone.body.position);
  expect(reversal?.event).toMatchObject({ type: 'EntryReversed', reversedPosition: sent.body.position });
});

test.each(['999999.0', '1.0'])('there is no entry %s to reverse', async (entryId) => {
  const rejected = await bank.client.call(operations.reverseEntry, {
    ...{ params: { entryId }, body: { reason: 'x' }, token: operator },
  });
  expect(rejected.body.code).toBe('entry_not_found');
});
