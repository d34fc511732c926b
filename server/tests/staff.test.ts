/** The bank's staff: the first log-in, sessions and roles, and the lock after wrong passwords. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchAccounts } from '../src/http/contract/audit.ts';
import { logInStaff, logOutStaff } from '../src/http/contract/staff.ts';
import { ensureFirstStaff } from '../src/staff/first-staff.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

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
    `update access.staff_attempts set locked_until = now() where username <> 'nobody' returning username`,
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
