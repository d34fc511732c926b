/** PINs that change: by their owner, by an operator's reset, and before anything else where they must. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { changePin, readOwnAccount } from '../../api/src/calls/accounts.ts';
import { auditState } from '../../api/src/calls/audit-accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { resetPin } from '../../api/src/calls/operations.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { readSecretFile } from '../../ledger/src/vault/secret-file.ts';
import { postgresPinAuthenticator } from '../src/access/pin-authenticator.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
const newPin = '9031';
let bank: Bank;
let operator: string;
beforeAll(async () => {
  bank = await openBank();
  operator = await bank.staff('operator');
});
afterAll(() => bank.close());

const logInWith = (accountNumber: string, typed: string) =>
  bank.client.call(logIn, { body: { accountNumber, pin: typed } });
const pinEvents = async (account: string) =>
  (await bank.history()).filter(({ event }) => event.type === 'PinChanged' && event.account === account);

test('after a change the new PIN opens and confirms, the old one does neither, and other sessions have ended', async () => {
  const { account, token } = await bank.customer();
  const other = (await logInWith(account, pin)).body.token;
  const changed = await bank.client.call(changePin, { token, body: { pin, newPin } });
  expect(changed.status).toBe(204);
  expect((await bank.client.call(readOwnAccount, { token: other })).body.code).toBe('unauthenticated');
  expect((await bank.client.call(deposit, { token, body: { amount: '1', pin } })).body.code).toBe('pin_invalid');
  expect((await bank.client.call(deposit, { token, body: { amount: '1', pin: newPin } })).status).toBe(201);
  expect((await logInWith(account, pin)).body.code).toBe('pin_invalid');
  expect((await logInWith(account, newPin)).body.mustChangePin).toBeUndefined();
  const events = await pinEvents(account);
  expect(events.map(({ event, metadata }) => ({ event, actor: metadata.actor }))).toEqual([
    { event: { type: 'PinChanged', account, by: 'holder' }, actor: `session:${account}` },
  ]);
  expect(
    JSON.stringify(await bank.history(), (_name, value: unknown) => (typeof value === 'bigint' ? '' : value)),
  ).not.toContain(`"${newPin}"`);
});

test('the same change again answers the same and counts no wrong PIN; with another PIN its key is taken', async () => {
  const { account, token } = await bank.customer();
  const key = randomUUID();
  for (let n = 0; n < 4; n++) {
    expect((await bank.client.call(changePin, { token, key, body: { pin, newPin } })).status).toBe(204);
  }
  expect(await pinEvents(account)).toHaveLength(1);
  const taken = await bank.client.call(changePin, { token, key, body: { pin: newPin, newPin: '4820' } });
  expect(taken.body.code).toBe('idempotency_key_reused');
  expect((await logInWith(account, newPin)).status).toBe(201);
});

test('a change that comes late, after another one, changes nothing', async () => {
  const { account, token } = await bank.customer();
  const key = randomUUID();
  await bank.client.call(changePin, { token, key, body: { pin, newPin } });
  await bank.client.call(changePin, { token, body: { pin: newPin, newPin: pin } });
  expect((await bank.client.call(changePin, { token, key, body: { pin, newPin } })).status).toBe(204);
  expect((await logInWith(account, pin)).status).toBe(201);
});

test('wrong old PINs count as within every money call, and the third ends the session', async () => {
  const { token } = await bank.customer();
  const codes: unknown[] = [];
  for (const wrong of ['0001', '0002', '0003', pin]) {
    codes.push((await bank.client.call(changePin, { token, body: { pin: wrong, newPin } })).body.code);
  }
  expect(codes).toEqual(['pin_invalid', 'pin_invalid', 'pin_invalid', 'unauthenticated']);
});

test('an easy PIN, the old one, or a part of the number is not taken', async () => {
  const { account, token } = await bank.customer();
  for (const bad of ['1111', '1212', '3456', pin]) {
    const rejected = await bank.client.call(changePin, { token, body: { pin, newPin: bad } });
    expect(rejected.body).toMatchObject({ code: 'validation_failed', errors: [{ where: 'body.newPin' }] });
  }
  expect(await pinEvents(account)).toEqual([]);
});

test('a reset ends the old PIN, a lock and every session at once; the one-time PIN opens the change and nothing else', async () => {
  const { account, token } = await bank.customer();
  for (let n = 0; n < 3; n++) await logInWith(account, '0001');
  const sent = {
    token: operator,
    params: { account },
    body: { reason: 'forgotten, showed a passport' },
    key: randomUUID(),
  };
  const reset = await bank.client.call(resetPin, sent);
  expect(reset.status).toBe(200);
  expect((await bank.client.call(resetPin, sent)).body).toEqual(reset.body);
  const { oneTimePin } = reset.body;
  expect((await bank.client.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
  expect((await logInWith(account, pin)).body.code).toBe('pin_invalid');
  const session = await logInWith(account, oneTimePin);
  expect(session.body.mustChangePin).toBe(true);
  const state = await bank.client.call(auditState, {
    ...{ params: { account }, query: { after: reset.body.position }, token: operator },
  });
  expect(state.body.state?.lockedUntil).toBeUndefined();
  const own = { token: session.body.token };
  expect((await bank.client.call(readOwnAccount, own)).body.code).toBe('pin_change_required');
  const money = await bank.client.call(deposit, { ...own, body: { amount: '1', pin: oneTimePin } });
  expect(money.body).toMatchObject({ code: 'pin_change_required', status: 403 });
  expect((await bank.client.call(changePin, { ...own, body: { pin: oneTimePin, newPin } })).status).toBe(204);
  expect((await bank.client.call(readOwnAccount, own)).status).toBe(200);
  expect((await logInWith(account, newPin)).body.mustChangePin).toBeUndefined();
  // The command sent again, long afterwards, does not bring the one-time PIN back.
  await bank.client.call(resetPin, sent);
  expect((await logInWith(account, oneTimePin)).body.code).toBe('pin_invalid');
  expect((await pinEvents(account)).map(({ event, metadata }) => [event, metadata.actor.split('-')[0]])).toEqual([
    [{ type: 'PinChanged', account, by: 'operator', reason: 'forgotten, showed a passport' }, 'staff:operator'],
    [{ type: 'PinChanged', account, by: 'holder' }, `session:${account}`],
  ]);
});

test('an easy PIN that an import brought opens the change only', async () => {
  const { account } = await bank.customer();
  await bank.database.query('delete from access.pins where account = $1', [account]);
  const pinKey = await readSecretFile(join(bank.stateDir, 'secrets', 'pin.key'));
  const authenticator = postgresPinAuthenticator({ pool: bank.database, pinKey });
  await authenticator.enrolMany([{ account, pin: '1234' }]);
  const session = await logInWith(account, '1234');
  expect(session.body.mustChangePin).toBe(true);
  const { token } = session.body;
  expect((await bank.client.call(readOwnAccount, { token })).body.code).toBe('pin_change_required');
  await bank.client.call(changePin, { token, body: { pin: '1234', newPin } });
  expect((await bank.client.call(readOwnAccount, { token })).status).toBe(200);
});
