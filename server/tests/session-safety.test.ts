/** A session is one account's, on every server, until it is taken away: rotated, revoked, and never another's. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { downloadStatement, readOwnAccount, readOwnEntries } from '../../api/src/calls/accounts.ts';
import { deposit, previewTransfer, transfer } from '../../api/src/calls/money.ts';
import { closeAccount, freezeAccount } from '../../api/src/calls/operations.ts';
import { logIn, logOutEverywhere } from '../../api/src/calls/sessions.ts';
import { logInStaff, readStaffSession } from '../../api/src/calls/staff.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Client, Sent } from './support/client.ts';
import { connect } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let servers: readonly Client[];
let operator: string;
beforeAll(async () => {
  bank = await openBank();
  servers = [bank.client, (await bank.startServer()).client];
  operator = await bank.staff('operator');
});
afterAll(() => bank.close());

/** What both servers say to a session's token. */
const known = (token: string): Promise<readonly boolean[]> =>
  Promise.all(servers.map(async (server) => (await server.call(readOwnAccount, { token })).status === 200));

test('a log-in with a session’s token or cookie ends that session, on every server', async () => {
  const { account } = await bank.customer();
  const login = async (sent: Sent) =>
    (await bank.client.call(logIn, { ...sent, body: { accountNumber: account, pin } })).body.token;
  const first = await login({});
  const second = await login({ headers: { cookie: `__Host-session=${first}` } });
  expect([await known(first), await known(second)]).toEqual([
    [false, false],
    [true, true],
  ]);
  const third = await login({ token: second });
  expect([await known(second), await known(third)]).toEqual([
    [false, false],
    [true, true],
  ]);
  expect(new Set([first, second, third]).size).toBe(3);
  // A log-in that fails takes nothing away, and a token that opened nothing is no trouble.
  await bank.client.call(logIn, { token: third, body: { accountNumber: account, pin: '0000' } });
  expect(await known(third)).toEqual([true, true]);
  expect(await known(await login({ token: 'A'.repeat(43) }))).toEqual([true, true]);
});

test('the same for staff', async () => {
  const first = await bank.staff('auditor');
  const { rows } = await bank.database.query<{ username: string }>(
    `select username from access.staff where role = 'auditor' limit 1`,
  );
  const body = { username: rows[0]?.username, password: 'a long password' };
  const session = await bank.client.call(logInStaff, { body, headers: { cookie: `__Host-staff=${first}` } });
  for (const server of servers) {
    expect((await server.call(readStaffSession, { token: first })).body.code).toBe('unauthenticated');
    expect((await server.call(readStaffSession, { token: session.body.token })).status).toBe(200);
  }
});

test.each([freezeAccount, closeAccount])(
  '$id ends every session of the account at once, on every server',
  async (call) => {
    const { account, token } = await bank.customer();
    const other = await bank.customer();
    const second = (await bank.client.call(logIn, { body: { accountNumber: account, pin } })).body.token;
    const done = await bank.client.call(call, {
      token: operator,
      params: { account },
      body: { reason: 'card reported stolen' },
    });
    expect(done.status).toBe(200);
    for (const gone of [token, second]) expect(await known(gone)).toEqual([false, false]);
    expect(await known(other.token)).toEqual([true, true]);
  },
);

test('a session taken out of the database is gone from every server with the next call', async () => {
  const { account, token } = await bank.customer();
  expect(await known(token)).toEqual([true, true]);
  await bank.database.query('delete from access.sessions where account = $1', [account]);
  expect(await known(token)).toEqual([false, false]);
});

test('a session is its terminal’s: used anywhere else it ends, and auditors are told', async () => {
  const port = Number(new URL(bank.client.origin).port);
  const terminal = async (name: string) =>
    connect(port, { ca: bank.authority.ca, ...(await bank.authority.terminal(name)) });
  const [one, other] = [await terminal('one'), await terminal('other')];
  const { account } = await bank.customer();
  for (const thief of [other, bank.client]) {
    const { token } = (await one.call(logIn, { body: { accountNumber: account, pin } })).body;
    expect((await one.call(readOwnAccount, { token })).status).toBe(200);
    expect((await thief.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
    expect((await one.call(readOwnAccount, { token })).body.code).toBe('unauthenticated');
  }
  const events = () =>
    bank.database.query<{ terminal: string; address: string }>(
      `select terminal, address from audit.security_events where kind = 'session_elsewhere' and subject = $1 order by id`,
      [account],
    );
  await expect
    .poll(async () => (await events()).rows)
    .toEqual(
      ['other', 'desk'].map((name) => ({
        terminal: name,
        address: expect.stringMatching(/127\.0\.0\.1|::1/) as string,
      })),
    );
  await Promise.all([one.close(), other.close()]);
});

test('an account has five sessions at most, the newest; the customer ends them all at once', async () => {
  const { account, token: first } = await bank.customer();
  const tokens = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      const body = { accountNumber: account, pin };
      return (await (servers[n % 2] as Client).call(logIn, { body })).body.token;
    }),
  );
  const last = (await bank.client.call(logIn, { body: { accountNumber: account, pin } })).body.token;
  const alive = async () => {
    const all = await Promise.all([first, ...tokens, last].map(known));
    return all.filter(([here]) => here).length;
  };
  expect(await alive()).toBe(5);
  expect([await known(first), await known(last)]).toEqual([
    [false, false],
    [true, true],
  ]);
  expect((await bank.client.call(logOutEverywhere, { token: last })).status).toBe(204);
  expect(await alive()).toBe(0);
});

test('a session reaches no account but its own, with whatever it sends', async () => {
  const victim = await bank.customer({ amountMinor: 7_654_321n, firstName: 'Ludivine' });
  const thief = await bank.customer({ amountMinor: 100n, firstName: 'Arsène' });
  const { token } = thief;
  const key = randomUUID();
  const made = await bank.client.call(deposit, { token: victim.token, key, body: { amount: '987.65', pin } });

  const account = { account: victim.account, accountNumber: victim.account };
  const answers = [
    ...(await Promise.all(
      [readOwnAccount, readOwnEntries, downloadStatement].map((call) => bank.client.call(call, { token })),
    )),
    ...(await Promise.all(
      [readOwnAccount, readOwnEntries, downloadStatement].map((call) =>
        bank.client.call(call, { token, query: account }),
      ),
    )),
    // The victim's key, and fields that name the victim, change nothing.
    await bank.client.call(deposit, { token, key, body: { amount: '987.65', pin } }),
    await bank.client.call(deposit, { token, body: { amount: '1', pin, ...account } }),
    await bank.client.call(transfer, { token, body: { from: victim.account, to: thief.account, amount: '5', pin } }),
    await bank.client.call(readOwnAccount, { token, headers: { cookie: `__Host-session=${victim.token}` } }),
    await bank.client.call(readOwnAccount, {
      token,
      headers: { 'x-account': victim.account, 'x-forwarded-user': victim.account, 'x-http-method-override': 'DELETE' },
    }),
  ];
  for (const { text, headers } of answers) {
    const told = JSON.stringify([text, headers]);
    expect(told).not.toContain('Ludivine');
    expect(told).not.toContain(made.body.operationId);
    expect(told).not.toMatch(/76543\.21|77530\.86/);
    expect(told).not.toContain(`"${victim.account}"`);
  }
  expect((await bank.client.call(readOwnAccount, { token: victim.token })).body.balance).toBe('77530.86');
  // What one may learn of another is how the holder's names begin, one transfer at a time, and not many of them.
  const codes: unknown[] = [];
  for (let n = 0; n < 40; n++) {
    const preview = await bank.client.call(previewTransfer, { token, body: { to: victim.account, amount: '0.01' } });
    codes.push(preview.body.code ?? preview.body.payee);
  }
  expect(codes[0]).toBe('L… D… É…');
  expect(codes.at(-1)).toBe('too_many_requests');
});
