/** Limits of cash over HTTP: declined, recorded and answered again the same; each terminal has its own, uncertified ones share one. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Client } from './support/client.ts';
import { connect } from './support/client.ts';

const { pin } = person;
const cashLimits = { depositMinor: 100_00n, withdrawalMinor: 20_00n, dayMinor: 150_00n };
let bank: Bank;
let customer: Customer;
const open: Client[] = [];
beforeAll(async () => {
  bank = await openBank({ cashLimits });
  customer = await bank.customer();
});
afterAll(async () => {
  for (const client of open) await client.close();
  await bank.close();
});

const outcome = ({ status, body }: { readonly status: number; readonly body: object }): unknown =>
  'code' in body ? body.code : status;

test('a machine without a certificate takes and gives no more than its limits, on every server and after a start', async () => {
  const { client } = bank;
  const { account, token } = customer;
  const pay = async (amount: string, from = client) =>
    outcome(await from.call(deposit, { token, body: { amount, pin } }));
  const take = async (amount: string) => outcome(await client.call(withdraw, { token, body: { amount, pin } }));
  expect(await pay('100.01')).toBe('cash_limit_exceeded');
  expect(await pay('100')).toBe(201);
  expect(await take('20.01')).toBe('cash_limit_exceeded');
  expect(await take('20')).toBe(201);
  // What went out makes no room for more to come in; another customer at the same machine has no more of it.
  expect(await pay('50.01')).toBe('cash_limit_exceeded');
  const other = await bank.customer();
  const asOther = { token: other.token, body: { amount: '50.01', pin } };
  expect(outcome(await client.call(deposit, asOther))).toBe('cash_limit_exceeded');
  const second = await bank.startServer({ cashLimits });
  expect(await pay('50.01', second.client)).toBe('cash_limit_exceeded');
  expect(await pay('50', second.client)).toBe(201);
  await second.stop();
  const third = await bank.startServer({ cashLimits });
  expect(await pay('0.01', third.client)).toBe('cash_limit_exceeded');
  expect((await client.call(readOwnAccount, { token })).body.balance).toBe('130.00');

  const declined = (await bank.history()).flatMap(({ event }) =>
    event.type === 'CommandDeclined' && event.account === account ? [event] : [],
  );
  expect(declined.map(({ command, code, amount }) => [command, code, amount])).toEqual([
    ['Deposit', 'cash_limit_exceeded', 100_01n],
    ['Withdraw', 'cash_limit_exceeded', 20_01n],
    ['Deposit', 'cash_limit_exceeded', 50_01n],
    ['Deposit', 'cash_limit_exceeded', 50_01n],
    ['Deposit', 'cash_limit_exceeded', 1n],
  ]);
});

test('a certified terminal has limits of its own', async () => {
  const { port } = await bank.startServer({ cashLimits, terminals: 'required' });
  for (const name of ['gare-1', 'gare-2']) {
    const client = connect(port, { ca: bank.authority.ca, ...(await bank.authority.terminal(name)) });
    open.push(client);
    const credentials = { accountNumber: customer.account, pin };
    const { token } = (await client.call(logIn, { body: credentials })).body;
    const pay = async (amount: string) => outcome(await client.call(deposit, { token, body: { amount, pin } }));
    expect([await pay('100'), await pay('50.01'), await pay('50')]).toEqual([201, 'cash_limit_exceeded', 201]);
  }
});

test('the same key is answered the same, and does not run once there is room again', async () => {
  const { client } = bank;
  const { token } = await bank.customer();
  const body = { amount: '60', pin };
  const first = await client.call(deposit, { token, body, key: 'too-much' });
  expect(outcome(first)).toBe('cash_limit_exceeded');
  const generous = await bank.startServer({ cashLimits: { ...cashLimits, dayMinor: 1_000_00n } });
  const again = await generous.client.call(deposit, { token, body, key: 'too-much' });
  expect(outcome(again)).toBe('cash_limit_exceeded');
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(outcome(await generous.client.call(deposit, { token, body }))).toBe(201);
});
