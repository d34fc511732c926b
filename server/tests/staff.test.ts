/** The bank's staff: the first log-in, sessions and roles, and the lock after wrong passwords. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { searchAccounts } from '../../api/src/calls/audit-accounts.ts';
import { logInStaff, logOutStaff, readStaffSession } from '../../api/src/calls/staff.ts';
import { ensureFirstStaff } from '../src/staff/first-staff.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';
import { connect } from './support/client.ts';

let bank: Bank;
beforeAll(async () => {
  bank = await openBank();
});
afterAll(() => bank.close());

const logIn = (username: string, password: string) => bank.client.call(logInStaff, { body: { username, password } });

test('the first log-in is made once, works, and its password is nowhere in the database', async () => {
  const [one, other] = await Promise.all([ensureFirstStaff(bank.databaseUrl), ensureFirstStaff(bank.databaseUrl)]);
  const made = one ?? other;
  expect([one, other].filter((each) => each !== undefined)).toHaveLength(1);
  if (made === undefined) return;
  expect(await ensureFirstStaff(bank.databaseUrl)).toBeUndefined();
  const session = await logIn(made.username, made.password);
  expect(session.body).toMatchObject({ username: 'operator', role: 'operator' });
  expect((await bank.client.call(searchAccounts, { token: session.body.token })).status).toBe(200);
  const { rows } = await bank.database.query<{ row: string }>('select s::text as row from access.staff s');
  expect(rows.map(({ row }) => row).join()).not.toContain(made.password);
});

test('a session ends with the log-out, and when its owner leaves the staff', async () => {
  const token = await bank.staff('auditor');
  expect((await bank.client.call(searchAccounts, { token })).status).toBe(200);
  expect((await bank.client.call(logOutStaff, { token })).status).toBe(204);
  expect((await bank.client.call(searchAccounts, { token })).body.code).toBe('unauthenticated');

  const another = await bank.staff('auditor');
  await bank.database.query(`delete from access.staff where role = 'auditor'`);
  expect((await bank.client.call(searchAccounts, { token: another })).body.code).toBe('unauthenticated');
});

test('a customer’s token opens nothing of the staff’s', async () => {
  const { token } = await bank.customer();
  expect((await bank.client.call(searchAccounts, { token })).body.code).toBe('unauthenticated');
});

test('a wrong password and an unknown name answer the same, and lock the same', async () => {
  await bank.staff('auditor');
  const { rows } = await bank.database.query<{ username: string }>(
    `select username from access.staff where role = 'auditor'`,
  );
  const answers = async (username: string) => {
    const all: object[] = [];
    for (let n = 0; n < 6; n++) {
      const { status, body } = await logIn(username, 'wrong');
      all.push({ status, ...body, correlationId: '' });
    }
    return all;
  };
  const known = await answers(rows[0]?.username ?? '');
  expect(await answers('nobody')).toEqual(known);
  expect(known.map((answer) => (answer as { code: string }).code)).toEqual([
    ...Array.from({ length: 5 }, () => 'credentials_invalid'),
    'access_locked',
  ]);
  expect((await logIn(rows[0]?.username ?? '', 'a long password')).body).toMatchObject({
    code: 'access_locked',
    status: 423,
  });
});

test('a lock ends, and a right password forgives', async () => {
  const { rows } = await bank.database.query<{ username: string }>(
    `update access.staff_attempts set locked_until = now() where username not in ('nobody', 'operator') returning username`,
  );
  const username = rows[0]?.username ?? '';
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 4; n++) expect((await logIn(username, 'wrong')).body.code).toBe('credentials_invalid');
    expect((await logIn(username, 'a long password')).status).toBe(201);
  }
});

test('many wrong passwords at once get no more tries than one after the other', async () => {
  const all = await Promise.all(Array.from({ length: 20 }, () => logIn('somebody', 'wrong')));
  expect(all.filter(({ body }) => body.code === 'credentials_invalid')).toHaveLength(5);
});

describe('strangers', () => {
  const password = 'a long password';
  /** A new member of the staff, and the cookie of the browser they have logged in with. */
  async function known(): Promise<{ readonly username: string; readonly cookie: string }> {
    const token = await bank.staff('operator');
    const { username } = (await bank.client.call(readStaffSession, { token })).body;
    const session = await logIn(username, password);
    const device = [session.headers['set-cookie']].flat().find((one) => one?.startsWith('__Host-device-'));
    return { username, cookie: device?.split(';')[0] ?? '' };
  }
  const withCookie = (username: string, cookie: string, given = password) =>
    bank.client.call(logInStaff, { body: { username, password: given }, headers: { cookie } });
  const forgetFailures = () => bank.database.query('delete from access.source_failures');

  test('cannot shut out a browser that logged in before, however many wrong log-ins they send', async () => {
    await forgetFailures();
    const { username, cookie } = await known();
    // Of a server of their own, whose limits they use up.
    const { client } = await bank.startServer();
    const sent = (given: string, headers = {}) =>
      client.call(logInStaff, { body: { username, password: given }, headers });
    const flood = await Promise.all(Array.from({ length: 200 }, () => sent('wrong')));
    expect(flood.filter(({ body }) => body.code === 'credentials_invalid')).toHaveLength(5);
    // Whoever has no cookie is locked out with the strangers.
    expect((await logIn(username, password)).body.code).toBe('access_locked');
    for (let n = 0; n < 3; n++) expect((await sent(password, { cookie })).status).toBe(201);
  });

  test('cannot make a cookie, and a cookie gives its own user only five tries', async () => {
    await forgetFailures();
    const { username, cookie } = await known();
    const other = await known();
    for (let n = 0; n < 5; n++) await logIn(username, 'wrong');
    for (const made of [
      other.cookie,
      other.cookie.replace(other.username, username),
      `${cookie.slice(0, -1)}${cookie.endsWith('A') ? 'E' : 'A'}`,
    ]) {
      expect((await withCookie(username, made)).body.code).toBe('access_locked');
    }
    const codes: unknown[] = [];
    for (let n = 0; n < 6; n++) codes.push((await withCookie(other.username, other.cookie, 'wrong')).body.code);
    expect(codes).toEqual([...Array.from({ length: 5 }, () => 'credentials_invalid'), 'access_locked']);
    // A browser's lock is that browser's: strangers and other browsers have counts of their own.
    expect((await logIn(other.username, password)).status).toBe(201);
    expect((await withCookie(username, cookie)).status).toBe(201);
  });

  test('who guess at many names from one place are slowed down there, and known browsers beside them are not', async () => {
    await forgetFailures();
    const { username, cookie } = await known();
    for (let n = 0; n < 30; n++)
      expect((await logIn(`name-${String(n)}`, 'wrong')).body.code).toBe('credentials_invalid');
    expect((await logIn('name-30', 'wrong')).body.code).toBe('too_many_requests');
    expect((await withCookie(username, cookie)).status).toBe(201);
    await forgetFailures();
  });
});

describe('where staff may come from', () => {
  test('an address outside the ranges is rejected, with the best of sessions', async () => {
    const token = await bank.staff('operator');
    const { client } = await bank.startServer({ staffAddresses: ['192.0.2.0/24'] });
    const login = await client.call(logInStaff, { body: { username: 'operator', password: 'x' } });
    expect(login.body.code).toBe('forbidden');
    expect((await client.call(searchAccounts, { token })).body.code).toBe('forbidden');
    const local = await bank.startServer({ staffAddresses: ['127.0.0.0/8', '::1'] });
    expect((await local.client.call(searchAccounts, { token })).status).toBe(200);
  });

  test('where certificates are required, one of the staff’s is needed, not a terminal’s; it counts as a known device', async () => {
    const token = await bank.staff('operator');
    const { client, port } = await bank.startServer({ staffCertificates: 'required' });
    const showing = (certificate: { cert: string; key: string }) =>
      connect(port, { ca: bank.authority.ca, ...certificate });
    const terminal = showing(await bank.authority.terminal('t-1'));
    const staff = showing(await bank.authority.staff('a.martin'));
    for (const stranger of [client, terminal]) {
      expect((await stranger.call(searchAccounts, { token })).body.code).toBe('forbidden');
      const login = await stranger.call(logInStaff, { body: { username: 'operator', password: 'x' } });
      expect(login.body.code).toBe('forbidden');
    }
    expect((await staff.call(searchAccounts, { token })).status).toBe(200);
    const { username } = (await staff.call(readStaffSession, { token })).body;
    for (let n = 0; n < 5; n++) await logIn(username, 'wrong');
    expect((await logIn(username, 'a long password')).body.code).toBe('access_locked');
    const session = await staff.call(logInStaff, { body: { username, password: 'a long password' } });
    expect(session.status).toBe(201);
    await Promise.all([terminal.close(), staff.close()]);
  });
});
