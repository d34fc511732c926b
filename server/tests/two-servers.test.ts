/** Two servers on one database: one bank. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn, logOut } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Client } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let one: Client;
let two: Client;
beforeAll(async () => {
  bank = await openBank();
  one = bank.client;
  two = (await bank.startServer()).client;
});
afterAll(() => bank.close());

test('a session begun on one works on the other, and its end is known to both', async () => {
  const { token } = await bank.customer({ amountMinor: 1_000n });
  const done = await two.call(withdraw, { token, body: { amount: '4', pin } });
  expect(done.body.balance).toBe('6.00');
  const after = done.body.position;
  expect((await one.call(readOwnAccount, { token, query: { after } })).body.balance).toBe('6.00');
  await two.call(logOut, { token });
  for (const client of [one, two]) {
    expect((await client.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
  }
});

test('an account opened on one is known to the other at once', async () => {
  const from = await bank.customer({ amountMinor: 1_000n });
  const to = await bank.customer();
  const preview = await two.call(previewTransfer, { token: from.token, body: { to: to.account, amount: '1' } });
  expect(preview.body).toMatchObject({ payee: 'Z… D… É…' });
  const another = await bank.customer();
  expect((await two.call(logIn, { body: { accountNumber: another.account, pin } })).status).toBe(201);
  const done = await two.call(transfer, { token: from.token, body: { to: another.account, amount: '1', pin } });
  expect(done.status).toBe(201);
});

test('a command sent again to the other server is not carried out twice', async () => {
  const { token } = await bank.customer({ amountMinor: 10_000n });
  for (let n = 0; n < 10; n++) {
    const key = randomUUID();
    const [first, second] = [one, two].map((client) =>
      client.call(deposit, { token, key, body: { amount: '1', pin } }),
    );
    expect((await first)?.body).toEqual((await second)?.body);
  }
  const key = randomUUID();
  const first = await one.call(deposit, { token, key, body: { amount: '1', pin } });
  const again = await two.call(deposit, { token, key, body: { amount: '1', pin } });
  expect(again.body).toEqual(first.body);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(first.body.balance).toBe('111.00');
  const other = await two.call(deposit, { token, key, body: { amount: '2', pin } });
  expect(other.body.code).toBe('idempotency_key_reused');
});

test('both at full speed: no balance below zero, nothing lost, nothing doubled', async () => {
  const { token } = await bank.customer({ amountMinor: 5_000n });
  const all = await Promise.all(
    Array.from({ length: 80 }, (_, n) =>
      (n % 2 === 0 ? one : two).call(withdraw, { token, body: { amount: '1', pin } }),
    ),
  );
  expect(all.filter(({ status }) => status === 201)).toHaveLength(50);
  expect(all.filter(({ body }) => body.code === 'insufficient_funds')).toHaveLength(30);
});

test('wrong PINs count together', async () => {
  const { account } = await bank.customer();
  const attempt = async (client: Client) =>
    (await client.call(logIn, { body: { accountNumber: account, pin: '0000' } })).body.code;
  expect([await attempt(one), await attempt(two), await attempt(one), await attempt(two)]).toEqual([
    'pin_invalid',
    'pin_invalid',
    'pin_invalid',
    'access_locked',
  ]);
});
