/** The batch call: each transfer decided on its own, in order, and idempotent by key and id. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { transferBatch } from '../../api/src/calls/batch.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let operator: string;
beforeAll(async () => {
  bank = await openBank();
  operator = await bank.staff('operator');
});
afterAll(() => bank.close());

const send = (transfers: readonly object[], key?: string) =>
  bank.client.call(transferBatch, {
    token: operator,
    body: { reason: 'salaries', transfers },
    ...(key !== undefined && { key }),
  });

test('each transfer is decided on its own, and later ones see what earlier ones did', async () => {
  const [one, two] = [await bank.customer({ amountMinor: 1_000n }), await bank.customer()];
  const [from, to] = [one.account, two.account];
  const { body } = await send([
    { id: 'a', from, to, amount: '6' },
    { id: 'b', from, to, amount: '6' },
    { id: 'c', from: to, to: from, amount: '5.50', reference: 'retour' },
    { id: 'd', from, to, amount: '6' },
    { id: 'e', from, to: '999999', amount: '1' },
    { id: 'f', from: '999999', to, amount: '1' },
    { id: 'g', from, to: from, amount: '1' },
    { id: 'h', from, to, amount: '0' },
  ]);
  expect(body.results).toEqual([
    { id: 'a', status: 'accepted' },
    { id: 'b', status: 'rejected', code: 'insufficient_funds' },
    { id: 'c', status: 'accepted' },
    { id: 'd', status: 'accepted' },
    { id: 'e', status: 'rejected', code: 'destination_not_found' },
    { id: 'f', status: 'rejected', code: 'account_not_found' },
    { id: 'g', status: 'rejected', code: 'same_account' },
    { id: 'h', status: 'rejected', code: 'amount_not_positive' },
  ]);
  const query = { after: body.position };
  expect((await bank.client.call(readOwnAccount, { token: one.token, query })).body.balance).toBe('3.50');
  expect((await bank.client.call(readOwnAccount, { token: two.token, query })).body.balance).toBe('6.50');
});

test('sent again it does nothing twice; a transfer changed under its id is rejected alone', async () => {
  const [one, two] = [await bank.customer({ amountMinor: 10_000n }), await bank.customer()];
  const [from, to] = [one.account, two.account];
  const key = randomUUID();
  const transfers = Array.from({ length: 50 }, (_, n) => ({ id: String(n), from, to, amount: '1' }));
  const first = await send(transfers, key);
  expect((await send(transfers, key)).body).toEqual(first.body);
  const changed = await send([{ id: '0', from, to, amount: '2' }, ...transfers.slice(1)], key);
  expect(changed.body.results?.[0]).toEqual({ id: '0', status: 'rejected', code: 'idempotency_key_reused' });
  expect(changed.body.results?.[1]).toEqual({ id: '1', status: 'accepted' });
  const seen = await bank.client.call(readOwnAccount, {
    token: one.token,
    query: { after: first.body.position },
  });
  expect(seen.body.balance).toBe('50.00');
});

test('a thousand transfers go in one call', async () => {
  const [one, two] = [await bank.customer({ amountMinor: 100_000n }), await bank.customer()];
  const transfers = Array.from({ length: 1_000 }, (_, n) => ({
    id: randomUUID(),
    from: one.account,
    to: two.account,
    amount: '0.01',
    reference: `Salaire ${String(n)}`,
  }));
  const { body } = await send(transfers);
  expect(body.results?.every(({ status }) => status === 'accepted')).toBe(true);
  expect((await send([...transfers, { ...transfers[0], id: 'x' }])).body.code).toBe('validation_failed');
});

test('a batch has a reason, which is in the journal before its transfers', async () => {
  const [one, two] = [await bank.customer({ amountMinor: 1_000n }), await bank.customer()];
  const transfers = [
    { id: 'a', from: one.account, to: two.account, amount: '1' },
    { id: 'b', from: one.account, to: two.account, amount: '-1' },
    { id: 'c', from: one.account, to: two.account, amount: '2.50' },
  ];
  const call = (body: object, key: string = randomUUID()) =>
    bank.client.call(transferBatch, { token: operator, body, key });
  for (const reason of [undefined, '', '  ', 'x'.repeat(501)]) {
    const { body } = await call({ reason, transfers });
    expect(body.errors).toMatchObject([{ where: 'body.reason' }]);
  }
  const before = (await bank.history()).length;
  const key = randomUUID();
  const { body } = await call({ reason: 'salaries of May', transfers }, key);
  const since = (await bank.history()).slice(before);
  expect(since.map(({ event }) => event)).toMatchObject([
    { type: 'BatchOrdered', reason: 'salaries of May', count: 3, total: 350n, currency: 'EUR' },
    { type: 'Transferred' },
    { type: 'CommandDeclined' },
    { type: 'Transferred' },
  ]);
  for (const { metadata } of since) expect(metadata.actor).toMatch(/^staff:operator/);
  // The key stands for one reason and one list of ids.
  expect((await call({ reason: 'salaries of May', transfers }, key)).body).toEqual(body);
  for (const other of [
    { reason: 'another', transfers },
    { reason: 'salaries of May', transfers: transfers.slice(1) },
    { reason: 'salaries of May', transfers: [...transfers, { ...transfers[0], id: 'd' }] },
  ]) {
    expect((await call(other, key)).body.code).toBe('idempotency_key_reused');
  }
  expect(await bank.history()).toHaveLength(before + since.length);
});

test('what is not well formed is named by its field, and nothing is done', async () => {
  const { account: from } = await bank.customer({ amountMinor: 1_000n });
  const good = { id: 'a', from, to: '1', amount: '1' };
  const mistakes = async (...transfers: object[]) => (await send(transfers)).body.errors;
  expect(await mistakes(good, { ...good, id: 'b', amount: '1,5' })).toMatchObject([
    { where: 'body.transfers[1].amount' },
  ]);
  expect(await mistakes(good, good)).toEqual([{ where: 'body.transfers', problem: 'must not have the same id twice' }]);
  expect(await mistakes({ ...good, id: 'a:b' })).toMatchObject([{ where: 'body.transfers[0].id' }]);
  expect(await mistakes({ ...good, from: 'cash:desk' })).toMatchObject([{ where: 'body.transfers[0].from' }]);
  expect(await mistakes()).toMatchObject([{ where: 'body.transfers' }]);
});

test('a batch is for operators', async () => {
  const body = { reason: 'salaries', transfers: [{ id: 'a', from: '1', to: '2', amount: '1' }] };
  const auditor = await bank.staff('auditor');
  expect((await bank.client.call(transferBatch, { token: auditor, body })).body.code).toBe('forbidden');
  const { token } = await bank.customer();
  expect((await bank.client.call(transferBatch, { token, body })).body.code).toBe('unauthenticated');
});
