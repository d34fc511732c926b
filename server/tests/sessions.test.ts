/** Customers' sessions over HTTPS: log-in, token and cookie, other sites' pages, log-out, expiry, lock-out. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { deposit } from '../../api/src/calls/money.ts';
import { logIn, logOut } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

test('a log-in tells the balance after everything that was answered before it', async () => {
  const { account, token } = await bank.customer();
  for (const amount of ['5', '6', '7']) {
    await bank.client.call(deposit, { token, body: { amount, pin } });
  }
  const session = await bank.client.call(logIn, { body: { accountNumber: account, pin } });
  expect(session.body).toMatchObject({ accountNumber: account, balance: '18.00' });
  expect(Date.parse(session.body.expiresAt) - Date.now()).toBeGreaterThan(59 * 60_000);
});

test('the database holds no token and no PIN', async () => {
  const { token } = await bank.customer();
  const { rows } = await bank.database.query<{ row: string }>('select s::text as row from access.sessions s');
  for (const { row } of rows) {
    expect(row).not.toContain(token);
    expect(row).not.toContain(Buffer.from(token).toString('hex'));
  }
});

test('after logging out the token opens nothing', async () => {
  const { token } = await bank.customer();
  const gone = await bank.client.call(logOut, { token });
  expect(gone.status).toBe(204);
  expect(gone.headers['set-cookie']).toMatch(/^__Host-session=; Max-Age=0;/);
  const after = await bank.client.call(readOwnAccount, { token });
  expect(after.body.code).toBe('unauthenticated');
  expect(after.headers['www-authenticate']).toMatch(/^Bearer/);
});

test.each([
  ['none', undefined],
  ['not a token', 'Bearer no'],
  ['an unknown token', `Bearer ${'A'.repeat(43)}`],
  ['another scheme', 'Basic dXNlcjpwYXNz'],
  ['something odd', 'Bearer a b c'],
])('%s is not authenticated', async (_what, authorization) => {
  const headers = authorization === undefined ? {} : { authorization };
  const reply = await bank.client.call(readOwnAccount, { headers });
  expect(reply.body).toMatchObject({ code: 'unauthenticated', status: 401 });
});

test('a session ends when nobody used it, and after its time in any case', async () => {
  for (const change of [`last_used_at = now() - interval '10 minutes'`, `expires_at = now()`]) {
    const { token, account } = await bank.customer();
    expect((await bank.client.call(readOwnAccount, { token })).status).toBe(200);
    await bank.database.query(`update access.sessions set ${change} where account = $1`, [account]);
    expect((await bank.client.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
  }
});

test('using a session keeps it alive', async () => {
  const { token, account } = await bank.customer();
  await bank.database.query(
    `update access.sessions set last_used_at = now() - interval '9 minutes' where account = $1`,
    [account],
  );
  expect((await bank.client.call(readOwnAccount, { token })).status).toBe(200);
  const { rows } = await bank.database.query<{ fresh: boolean }>(
    `select last_used_at > now() - interval '1 minute' as fresh from access.sessions where account = $1`,
    [account],
  );
  expect(rows.every(({ fresh }) => fresh)).toBe(true);
});

describe('the cookie', () => {
  const cookieOf = async (): Promise<string> => {
    const { account } = await bank.customer();
    const session = await bank.client.call(logIn, { body: { accountNumber: account, pin } });
    const header = String(session.headers['set-cookie']);
    for (const attribute of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Strict']) expect(header).toContain(attribute);
    expect(header).not.toContain('Domain');
    return header.split(';')[0] ?? '';
  };

  test('works where the token does', async () => {
    const headers = { cookie: `other=1; ${await cookieOf()}` };
    expect((await bank.client.call(readOwnAccount, { headers })).status).toBe(200);
    const own = { 'sec-fetch-site': 'same-origin', origin: bank.client.origin };
    expect(
      (await bank.client.call(deposit, { headers: { ...headers, ...own }, body: { amount: '1', pin } })).status,
    ).toBe(201);
  });

  test.each([
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://elsewhere.example' },
    { origin: 'null' },
  ])('does nothing for a page of another site: %o', async (from) => {
    const headers = { cookie: await cookieOf(), ...from } as Record<string, string>;
    for (const call of [deposit, logOut]) {
      const reply = await bank.client.call(call, { headers, ...(call === deposit && { body: { amount: '1', pin } }) });
      expect(reply.body).toMatchObject({ code: 'forbidden', status: 403 });
    }
  });

  test('a token in the header counts more than a cookie', async () => {
    const headers = { cookie: await cookieOf() };
    expect((await bank.client.call(readOwnAccount, { headers, token: 'A'.repeat(43) })).body.code).toBe(
      'unauthenticated',
    );
  });
});

test('an account that does not exist answers exactly as a wrong PIN does, lock included', async () => {
  const { account } = await bank.customer();
  const answers = async (accountNumber: string) => {
    const all: object[] = [];
    for (let n = 0; n < 4; n++) {
      const { status, body, headers } = await bank.client.call(logIn, { body: { accountNumber, pin: '0000' } });
      all.push({ status, ...body, correlationId: '', headers: Object.keys(headers).sort() });
    }
    return all;
  };
  const real = await answers(account);
  const unknown = await answers('987654321');
  expect(unknown).toEqual(real);
  expect(real.map((answer) => (answer as { code: string }).code)).toEqual([
    'pin_invalid',
    'pin_invalid',
    'pin_invalid',
    'access_locked',
  ]);
  await bank.customer({ amountMinor: 1n });
  const locks = (await bank.history()).flatMap(({ event }) => (event.type === 'AccessLocked' ? [event.account] : []));
  expect(locks).toEqual([account]);
});

test('a staff token is no customer’s', async () => {
  const token = await bank.staff('operator');
  expect((await bank.client.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
});
