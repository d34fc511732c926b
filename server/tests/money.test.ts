/** Money over HTTPS: deposits, withdrawals, transfers and their preview, and every way they are rejected. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

test('a deposit and a withdrawal change the balance, and are read back at once by their position', async () => {
  const { token, account } = await bank.customer();
  const deposited = await bank.client.call(deposit, { token, body: { amount: '100', pin } });
  expect(deposited.status).toBe(201);
  expect(deposited.body.balance).toBe('100.00');
  const withdrawn = await bank.client.call(withdraw, { token, body: { amount: '30.5', pin } });
  expect(withdrawn.body).toMatchObject({ balance: '69.50', position: deposited.body.position + 1 });
  const after = withdrawn.body.position;
  const seen = await bank.client.call(readOwnAccount, { token, query: { after } });
  expect(seen.body).toMatchObject({ accountNumber: account, balance: '69.50', status: 'open', currency: 'EUR' });
  expect(seen.body.position).toBeGreaterThanOrEqual(after);
  const { body } = await bank.client.call(readOwnEntries, { token, query: { after } });
  expect(body.entries).toMatchObject([
    { label: 'Retrait', amount: '-30.50', balanceAfter: '69.50', type: 'withdrawal' },
    { label: 'Dépôt', amount: '100.00', balanceAfter: '100.00', type: 'deposit' },
  ]);
});

test('a preview says what the transfer then does', async () => {
  const from = await bank.customer({ amountMinor: 10_000n });
  const to = await bank.customer({ firstName: 'Maëlle' });
  const preview = await bank.client.call(previewTransfer, {
    token: from.token,
    body: { to: to.account, amount: '25' },
  });
  expect(preview.body).toEqual({
    to: to.account,
    payee: 'M… D… É…',
    amount: '25.00',
    balanceAfter: '75.00',
  });
  const done = await bank.client.call(transfer, {
    token: from.token,
    body: { to: to.account, amount: '25', pin, reference: '  Loyer d\u0065\u0301cembre ' },
  });
  expect(done.status).toBe(201);
  expect(done.body.balance).toBe('75.00');
  const query = { after: done.body.position };
  const sent = await bank.client.call(readOwnEntries, { token: from.token, query });
  expect(sent.body.entries[0]).toMatchObject({
    type: 'transfer_out',
    amount: '-25.00',
    counterparty: to.account,
    reference: 'Loyer décembre',
  });
  const received = await bank.client.call(readOwnEntries, { token: to.token, query });
  expect(received.body.entries[0]).toMatchObject({ type: 'transfer_in', amount: '25.00', counterparty: from.account });
});

describe('a preview tells whose account it is', () => {
  const previewed = async (to: string, name?: string) => {
    const { token } = await bank.customer({ amountMinor: 100n });
    const body = { to, amount: '1', ...(name !== undefined && { name }) };
    return bank.client.call(previewTransfer, { token, body });
  };

  test('by an answer to the name that the sender typed, and never by the name', async () => {
    const { account } = await bank.customer({ firstName: 'Maëlle' });
    for (const [name, payee] of [
      ['maelle dupont evrard', 'match'],
      ['Maëlle Dupont-Évrart', 'close'],
      ['M. Dupont', 'close'],
      ['Jean Martin', 'none'],
    ] as const) {
      const { body, text } = await previewed(account, name);
      expect(body.payee).toBe(payee);
      expect(text).not.toMatch(/ma[eë]lle|dupont|vrard/i);
    }
  });

  test('by the first letters where no name was typed', async () => {
    const { account } = await bank.customer({ firstName: 'Maëlle' });
    const { body, text } = await previewed(account);
    expect(body.payee).toBe('M… D… É…');
    expect(text).not.toMatch(/ma[eë]lle|dupont|vrard/i);
  });

  test('not at all once the customer’s key was destroyed', async () => {
    const { account } = await bank.customer();
    await bank.database.query(
      'delete from read.customers where customer = (select customer from read.accounts where account = $1)',
      [account],
    );
    expect((await previewed(account, 'Zoé Dupont-Évrard')).body.payee).toBe('none');
    expect((await previewed(account)).body).not.toHaveProperty('payee');
  });
});

describe('idempotency', () => {
  test('the same key and body give the first answer again, and nothing happens twice', async () => {
    const { token } = await bank.customer({ amountMinor: 5_000n });
    const key = randomUUID();
    const send = () => bank.client.call(withdraw, { token, key, body: { amount: '20', pin } });
    const first = await send();
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    await bank.client.call(deposit, { token, body: { amount: '1', pin } });
    const again = await send();
    expect(again.status).toBe(first.status);
    expect(again.body).toEqual(first.body);
    expect(again.headers['idempotent-replayed']).toBe('true');
    const seen = await bank.client.call(deposit, { token, body: { amount: '0.01', pin } });
    expect(seen.body.balance).toBe('31.01');
  });

  test('many at once with one key are one', async () => {
    const { token } = await bank.customer();
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, () => bank.client.call(deposit, { token, key, body: { amount: '7', pin } })),
    );
    expect(new Set(all.map(({ text }) => text)).size).toBe(1);
    expect(all.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expect(all[0]?.body.balance).toBe('7.00');
  });

  test('the same key with another body, or for another command, is rejected', async () => {
    const { token } = await bank.customer({ amountMinor: 5_000n });
    const key = randomUUID();
    await bank.client.call(deposit, { token, key, body: { amount: '20', pin } });
    for (const [call, amount] of [
      [deposit, '21'],
      [withdraw, '20'],
    ] as const) {
      const other = await bank.client.call(call, { token, key, body: { amount, pin } });
      expect(other.status).toBe(422);
      expect(other.body.code).toBe('idempotency_key_reused');
    }
  });

  test('a key belongs to its account', async () => {
    const [one, other] = [await bank.customer(), await bank.customer()];
    const key = randomUUID();
    for (const { token } of [one, other]) {
      const done = await bank.client.call(deposit, { token, key, body: { amount: '20', pin } });
      expect(done.headers['idempotent-replayed']).toBeUndefined();
    }
  });

  test('a command is answered again although the account could not do it any more', async () => {
    const { token } = await bank.customer({ amountMinor: 2_000n });
    const key = randomUUID();
    const send = () => bank.client.call(withdraw, { token, key, body: { amount: '20', pin } });
    const first = await send();
    expect((await send()).body).toEqual(first.body);
    const anew = await bank.client.call(withdraw, { token, body: { amount: '20', pin } });
    expect(anew.body.code).toBe('insufficient_funds');
  });
});

describe('rejections', () => {
  const codeOf = async (token: string, body: object, call: typeof transfer | typeof withdraw = transfer) =>
    (await bank.client.call(call, { token, body })).body.code;

  test('each has its code, moves nothing, and leaves only that it was declined', async () => {
    const { token, account } = await bank.customer({ amountMinor: 1_000n });
    const { account: to } = await bank.customer();
    const before = await bank.history();
    expect(await codeOf(token, { to, amount: '0', pin })).toBe('amount_not_positive');
    expect(await codeOf(token, { to, amount: '-5', pin })).toBe('amount_not_positive');
    expect(await codeOf(token, { to, amount: '10000000.01', pin })).toBe('limit_exceeded');
    expect(await codeOf(token, { to: account, amount: '5', pin })).toBe('same_account');
    expect(await codeOf(token, { to: '999999', amount: '5', pin })).toBe('destination_not_found');
    expect(await codeOf(token, { to, amount: '10.01', pin })).toBe('insufficient_funds');
    expect(await codeOf(token, { amount: '10.01', pin }, withdraw)).toBe('insufficient_funds');
    const added = (await bank.history()).slice(before.length);
    expect(added.map(({ event }) => event)).toMatchObject([
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'amount_not_positive', amount: 0n },
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'amount_not_positive', amount: -500n },
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'limit_exceeded', amount: 1_000_000_001n },
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'same_account', about: account },
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'destination_not_found', about: '999999' },
      { type: 'CommandDeclined', account, command: 'Transfer', code: 'insufficient_funds', amount: 1_001n },
      { type: 'CommandDeclined', account, command: 'Withdraw', code: 'insufficient_funds', amount: 1_001n },
    ]);
  });

  test('a preview is rejected as the transfer would be, with the same words', async () => {
    const { token, account } = await bank.customer({ amountMinor: 1_000n });
    const { account: to } = await bank.customer();
    for (const body of [
      { to, amount: '0' },
      { to, amount: '10000000.01' },
      { to: account, amount: '5' },
      { to: '999999', amount: '5' },
      { to, amount: '10.01' },
    ]) {
      const preview = await bank.client.call(previewTransfer, { token, body });
      const real = await bank.client.call(transfer, { token, body: { ...body, pin } });
      expect({ ...preview.body, correlationId: '' }).toEqual({ ...real.body, correlationId: '' });
    }
  });

  test('of several reasons the earlier check is named', async () => {
    const { token, account } = await bank.customer({ amountMinor: 1_000n });
    const key = randomUUID();
    const wrong = pin === '0000' ? '1111' : '0000';
    const code = async (sent: Parameters<typeof bank.client.call>[1]) =>
      (await bank.client.call(transfer, { key, ...sent })).body.code;

    // All wrong at once, then one thing mended after the other.
    expect(await code({ token: 'x', body: { to: 'x', amount: 'x', pin: wrong } })).toBe('unauthenticated');
    expect(await code({ token, body: { to: 'x', amount: '0', pin: wrong } })).toBe('validation_failed');
    expect(await code({ token, key: 'no good key', body: { to: account, amount: '0', pin: wrong } })).toBe(
      'validation_failed',
    );
    expect(await code({ token, body: { to: account, amount: '0', pin: wrong } })).toBe('pin_invalid');
    const { account: to } = await bank.customer();
    await bank.client.call(transfer, { token, key, body: { to, amount: '1', pin } });
    expect(await code({ token, body: { to: account, amount: '0', pin: wrong } })).toBe('pin_invalid');
    expect(await code({ token, body: { to: account, amount: '0', pin } })).toBe('idempotency_key_reused');
    const anew = (body: object) => code({ token, key: randomUUID(), body: { pin, ...body } });
    expect(await anew({ to: account, amount: '0' })).toBe('amount_not_positive');
    expect(await anew({ to: account, amount: '99999999' })).toBe('limit_exceeded');
    expect(await anew({ to: account, amount: '500' })).toBe('same_account');
    expect(await anew({ to: '999999', amount: '500' })).toBe('destination_not_found');
    expect(await anew({ to, amount: '500' })).toBe('insufficient_funds');
  });

  test('a malformed request costs no PIN attempt; three wrong PINs end the session and lock the log-in, say how long, and leave an event', async () => {
    const { token, account } = await bank.customer({ amountMinor: 1_000n });
    for (let n = 0; n < 5; n++) {
      const bad = await bank.client.call(withdraw, { token, body: { amount: 'ten', pin: '0000' } });
      expect(bad.body.code).toBe('validation_failed');
    }
    const attempt = (wrong: string) => bank.client.call(withdraw, { token, body: { amount: '1', pin: wrong } });
    expect((await attempt('0000')).body).toMatchObject({ code: 'pin_invalid', status: 401, attemptsLeft: 2 });
    expect((await attempt('0001')).body).toMatchObject({ code: 'pin_invalid', attemptsLeft: 1 });
    const third = await attempt('0002');
    expect(third.body).toMatchObject({ code: 'pin_invalid', status: 401, attemptsLeft: 0 });
    expect(third.body.detail).toContain('Access is now locked for ');
    expect((await attempt(pin)).body).toMatchObject({ code: 'unauthenticated', status: 401 });
    const locked = await bank.client.call(logIn, { body: { accountNumber: account, pin } });
    expect(locked.body).toMatchObject({ code: 'access_locked', status: 423 });
    for (const { headers, body } of [third, locked]) {
      expect(body.retryAfter).toBeGreaterThan(290);
      expect(body.retryAfter).toBeLessThanOrEqual(300);
      expect(headers['retry-after']).toBe(String(body.retryAfter));
    }
    // Told after the answer; whatever is carried out later comes after it.
    await bank.customer({ amountMinor: 1n });
    const history = await bank.history();
    const locks = history.flatMap(({ event }) => (event.type === 'AccessLocked' ? [event] : []));
    const ends = locks.filter((lock) => lock.account === account).map(({ until }) => Date.parse(until));
    expect(ends).toHaveLength(1);
    expect(ends[0]).toBeGreaterThan(Date.now() + 280_000);
  });

  test('a right PIN forgives the wrong ones before', async () => {
    const { token } = await bank.customer({ amountMinor: 1_000n });
    const attempt = async (tried: string) =>
      (await bank.client.call(withdraw, { token, body: { amount: '1', pin: tried } })).body;
    for (let round = 0; round < 2; round++) {
      expect(await attempt('0000')).toMatchObject({ attemptsLeft: 2 });
      expect(await attempt('0000')).toMatchObject({ attemptsLeft: 1 });
      expect(await attempt(pin)).toHaveProperty('operationId');
    }
  });
});

test('the event tells who, where and when, under the request’s own correlation id', async () => {
  const { token, account } = await bank.customer();
  const done = await bank.client.call(deposit, { token, key: 'my-key', body: { amount: '2', pin } });
  const recorded = (await bank.history()).find(({ id }) => id === done.body.operationId);
  expect(recorded?.metadata).toMatchObject({
    commandId: `account:${account}:my-key`,
    actor: `session:${account}`,
    terminal: 'desk',
    correlationId: done.headers['x-correlation-id'],
  });
});

test('a position the read model does not reach in time is answered with 503, not with old figures', async () => {
  const { token } = await bank.customer();
  const late = await bank.client.call(readOwnAccount, { token, query: { after: 999_999_999 } });
  expect(late.body).toMatchObject({ code: 'read_model_behind', status: 503 });
  expect(late.headers['retry-after']).toBe('2');
});

describe('a command that the bank declined', () => {
  test('stays declined under its key, whatever has become possible since, and moves no money', async () => {
    const { token, account } = await bank.customer();
    const key = randomUUID();
    const body = { amount: '15', pin };
    const first = await bank.client.call(withdraw, { token, key, body });
    expect(first.body).toMatchObject({ code: 'insufficient_funds', status: 409 });
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    const { body: deposited } = await bank.client.call(deposit, { token, body: { amount: '50', pin } });

    const again = await bank.client.call(withdraw, { token, key, body });
    expect({ ...again.body, correlationId: '' }).toEqual({ ...first.body, correlationId: '' });
    expect(again.headers['idempotent-replayed']).toBe('true');
    const other = await bank.client.call(withdraw, { token, key, body: { amount: '16', pin } });
    expect(other.body.code).toBe('idempotency_key_reused');
    const { body: own } = await bank.client.call(readOwnAccount, { token, query: { after: deposited.position } });
    expect(
      (await bank.history()).filter(({ metadata }) => metadata.commandId === `account:${account}:${key}`),
    ).toMatchObject([
      {
        event: { type: 'CommandDeclined', account, command: 'Withdraw', code: 'insufficient_funds', amount: 1_500n },
      },
    ]);
    expect(own.balance).toBe('50.00');
  });

  test('stays declined on another server and after a row of the read model’s keys is lost', async () => {
    const { token, account } = await bank.customer({ amountMinor: 1_000n });
    const [declined, done] = [randomUUID(), randomUUID()];
    await bank.client.call(withdraw, { token, key: declined, body: { amount: '15', pin } });
    await bank.client.call(withdraw, { token, key: done, body: { amount: '1', pin } });
    await bank.client.call(deposit, { token, body: { amount: '50', pin } });
    await bank.database.query('delete from read.idempotency_keys');
    const { client } = await bank.startServer();
    const again = await client.call(withdraw, { token, key: declined, body: { amount: '15', pin } });
    expect(again.body.code).toBe('insufficient_funds');
    const twice = await client.call(withdraw, { token, key: done, body: { amount: '1', pin } });
    expect(twice.headers['idempotent-replayed']).toBe('true');
    const withdrawals = (await bank.history()).filter(
      ({ event }) => event.type === 'Withdrawn' && event.postings[0].account === account,
    );
    expect(withdrawals).toHaveLength(1);
  });

  test('leaves no trace when it was malformed', async () => {
    const { token } = await bank.customer();
    const before = (await bank.history()).length;
    await bank.client.call(withdraw, { token, body: { amount: 'ten', pin } });
    await bank.client.call(withdraw, { token, key: 'no good key', body: { amount: '1', pin } });
    expect(await bank.history()).toHaveLength(before);
  });
});
