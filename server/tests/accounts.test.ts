/** Opening an account over HTTPS, and seeing it: what is answered, what is stored, and what a retry does. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { encode } from '../../ledger/src/domain/codec.ts';
import { downloadStatement, openAccount, readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import { connect } from './support/client.ts';

const { pin } = person;
let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

const keyCount = async (): Promise<number> => {
  const { rows } = await bank.database.query<{ n: number }>('select count(*)::int as n from vault.customer_keys');
  return rows[0]?.n ?? 0;
};

test('an account is opened, and its holder can log in at once', async () => {
  const opened = await bank.client.call(openAccount, {
    body: { ...person, landline: '01 42 00 00 00', accountType: 'savings' },
  });
  expect(opened.status).toBe(201);
  const session = await bank.client.call(logIn, { body: { accountNumber: opened.body.accountNumber, pin } });
  expect(session.body).toMatchObject({ holder: 'Zoé Dupont-Évrard', balance: '0.00', currency: 'EUR' });
  const own = await bank.client.call(readOwnAccount, { token: session.body.token });
  expect(own.body).toMatchObject({ accountType: 'savings', holder: 'Zoé Dupont-Évrard', status: 'open' });
});

test('the journal holds no personal data in clear', async () => {
  const unusual = {
    lastName: 'Xyzzyson',
    firstName: 'Plugh',
    address: 'Rue Frotz',
    city: 'Quendor',
    postalCode: 'GUE1',
  };
  const opened = await bank.client.call(openAccount, { body: { ...person, ...unusual } });
  const recorded = (await bank.history()).slice(opened.body.position - 2);
  expect(recorded).toHaveLength(2);
  const text = recorded.map(({ id, event, metadata }) => JSON.stringify(encode(id, event, metadata))).join();
  for (const word of Object.values(unusual)) expect(text).not.toContain(word);
});

test('a retry gets the same account and leaves no key behind; with another PIN it is another request', async () => {
  const key = randomUUID();
  const first = await bank.client.call(openAccount, { key, body: person });
  const keys = await keyCount();
  const again = await bank.client.call(openAccount, { key, body: person });
  expect(again.body).toEqual(first.body);
  expect(again.headers['idempotent-replayed']).toBe('true');
  expect(await keyCount()).toBe(keys);
  const accountNumber = first.body.accountNumber;
  expect((await bank.client.call(logIn, { body: { accountNumber, pin } })).status).toBe(201);
  for (const change of [{ city: 'Lyon' }, { pin: '9031' }]) {
    const other = await bank.client.call(openAccount, { key, body: { ...person, ...change } });
    expect(other.body.code).toBe('idempotency_key_reused');
  }
  expect(await keyCount()).toBe(keys);
});

test('a retry enrols the PIN when the first try ended between the opening and the PIN', async () => {
  const key = randomUUID();
  const first = await bank.client.call(openAccount, { key, body: person });
  const accountNumber = first.body.accountNumber;
  await bank.database.query('delete from access.pins where account = $1', [accountNumber]);
  expect((await bank.client.call(logIn, { body: { accountNumber, pin } })).body.code).toBe('pin_invalid');
  await bank.client.call(openAccount, { key, body: person });
  expect((await bank.client.call(logIn, { body: { accountNumber, pin } })).status).toBe(201);
});

test('without a terminal’s certificate an opening’s key is a UUID: a stranger’s "1" meets nobody’s opening', async () => {
  for (const key of ['1', 'opening-17', '00000000-0000-0000-0000-000000000000']) {
    const rejected = await bank.client.call(openAccount, { key, body: person });
    expect(rejected.body).toMatchObject({ code: 'validation_failed', errors: [{ where: 'header Idempotency-Key' }] });
  }
  const terminal = connect(Number(new URL(bank.client.origin).port), {
    ca: bank.authority.ca,
    ...(await bank.authority.terminal('opener')),
  });
  expect((await terminal.call(openAccount, { key: '1', body: person })).status).toBe(201);
  await terminal.close();
});

test.each(['0000', '1212', '1234', '8901', '4321'])('%s is no PIN to open an account with', async (easy) => {
  const { body } = await bank.client.call(openAccount, { body: { ...person, pin: easy } });
  expect(body.errors).toEqual([
    { where: 'body.pin', problem: 'is too easy to guess: no repeated digits and no sequence' },
  ]);
});

test('many openings at once with one key open one account', async () => {
  const key = randomUUID();
  const all = await Promise.all(Array.from({ length: 8 }, () => bank.client.call(openAccount, { key, body: person })));
  expect(new Set(all.map(({ text }) => text)).size).toBe(1);
});

test('what a person typed is trimmed and composed; what cannot be a name is rejected in clear words', async () => {
  const opened = await bank.client.call(openAccount, { body: { ...person, firstName: '  Ele\u0301onore ' } });
  const session = await bank.client.call(logIn, { body: { accountNumber: opened.body.accountNumber, pin } });
  expect(session.body.holder).toBe('Eléonore Dupont-Évrard');

  const mistakes = async (changes: object) =>
    (await bank.client.call(openAccount, { body: { ...person, ...changes } })).body.errors;
  expect(await mistakes({ firstName: '   ' })).toEqual([{ where: 'body.firstName', problem: 'must not be empty' }]);
  expect(await mistakes({ city: 'Par\u0000is' })).toMatchObject([{ where: 'body.city' }]);
  expect(await mistakes({ city: 'a\u202eb' })).toMatchObject([{ where: 'body.city' }]);
  expect(await mistakes({ lastName: 'x'.repeat(81) })).toMatchObject([{ problem: 'must have at most 80 characters' }]);
  expect(await mistakes({ pin: '12345' })).toEqual([{ where: 'body.pin', problem: 'must be four digits' }]);
  expect(await mistakes({ pin: 1234 })).toEqual([{ where: 'body.pin', problem: 'must be a string' }]);
  expect(await mistakes({ accountType: 'gold' })).toMatchObject([
    { problem: 'must be "current", "savings", "home_savings", "bank_savings" or "life_insurance"' },
  ]);
  expect(await mistakes({ mobile: 'ring me' })).toMatchObject([{ where: 'body.mobile' }]);
  expect(await mistakes({ floor: '-1000' })).toEqual([{ where: 'body', problem: 'has an unknown field: "floor"' }]);
  expect(await mistakes({ lastName: undefined })).toEqual([{ where: 'body.lastName', problem: 'is missing' }]);
  // A lone surrogate survives JSON only as an escape.
  const raw = await bank.client.raw('POST', openAccount.path, {
    headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
    body: JSON.stringify(person).replace('Paris', '\\ud800'),
  });
  expect(raw.body.errors).toEqual([{ where: 'body.city', problem: 'must be well-formed Unicode' }]);
});

test('entries come newest first, page by page', async () => {
  const { token } = await bank.customer();
  let after = 0;
  for (let n = 1; n <= 23; n++) {
    after = (await bank.client.call(deposit, { token, body: { amount: String(n), pin } })).body.position;
  }
  const amounts: string[] = [];
  let before: string | undefined;
  const sizes: number[] = [];
  do {
    const page = await bank.client.call(readOwnEntries, {
      token,
      query: { after, ...(before !== undefined && { before }) },
    });
    sizes.push(page.body.entries.length);
    amounts.push(...page.body.entries.map(({ amount }) => amount));
    before = page.body.next;
  } while (before !== undefined);
  expect(sizes).toEqual([10, 10, 3]);
  expect(amounts).toEqual(Array.from({ length: 23 }, (_, n) => `${String(23 - n)}.00`));
  const whole = await bank.client.call(readOwnEntries, { token, query: { limit: 23 } });
  expect(whole.body.next).toBeUndefined();
  for (const query of [{ limit: 0 }, { limit: 101 }, { limit: 'ten' }, { before: 'x' }, { before: 0 }, { page: 2 }]) {
    const bad = await bank.client.call(readOwnEntries, { token, query });
    expect(bad.body.code).toBe('validation_failed');
  }
});

test('a statement has every entry, oldest first, in the form it is documented in', async () => {
  const { token, account } = await bank.customer({ amountMinor: 10_050n });
  const { account: to } = await bank.customer();
  await bank.client.call(withdraw, { token, body: { amount: '0.50', pin } });
  const last = await bank.client.call(transfer, { token, body: { to, amount: '30', pin, reference: 'cinéma' } });
  const statement = await bank.client.call(downloadStatement, {
    token,
    query: { after: last.body.position },
  });
  const today = civilTime('Europe/Paris').dayOf(Date.now());
  expect(statement.headers['content-type']).toBe('text/csv; charset=utf-8');
  expect(statement.headers['content-disposition']).toBe(`attachment; filename="statement-${account}.csv"`);
  expect(statement.text.replace('\ufeff', '')).toBe(
    [
      'Date;Libellé;Montant;Solde',
      `${today};Dépôt;100.50;100.50`,
      `${today};Retrait;-0.50;100.00`,
      `${today};Virement vers ${to} — cinéma;-30.00;70.00`,
      '',
    ].join('\n'),
  );
});
