/** One-time codes for staff: needed where in use, taken once, guessed by nobody. */
import { hash } from '@node-rs/argon2';
import { TOTP, URI } from 'otpauth';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logInStaff } from '../../api/src/calls/staff.ts';
import { newSecret } from '../src/staff/one-time-codes.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let authenticator: TOTP;
const password = 'a long password';
beforeAll(async () => {
  bank = await openBank();
  authenticator = await enrol('ada');
});
afterAll(() => bank.close());

async function enrol(username: string): Promise<TOTP> {
  const { sealed, uri } = newSecret(await bank.masterKeys.get(1), username);
  await bank.database.query(
    `insert into access.staff (username, password_hash, role, totp_secret, totp_generation)
     values ($1, $2, 'auditor', $3, 1)`,
    [username, await hash(password), sealed],
  );
  const totp = URI.parse(uri);
  if (!(totp instanceof TOTP)) throw new Error('not a TOTP');
  return totp;
}
const logIn = (username: string, code?: string, given = password) =>
  bank.client.call(logInStaff, { body: { username, password: given, ...(code !== undefined && { code }) } });

test('the right password asks for the code; with it the log-in succeeds, once', async () => {
  expect((await logIn('ada')).body.code).toBe('one_time_code_needed');
  expect((await logIn('ada', authenticator.generate(), 'wrong')).body.code).toBe('credentials_invalid');
  const code = authenticator.generate();
  const answers = await Promise.all([logIn('ada', code), logIn('ada', code), logIn('ada', code)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 401, 401]);
  // An older one is no use either.
  expect((await logIn('ada', authenticator.generate({ timestamp: Date.now() - 30_000 }))).body.code).toBe(
    'credentials_invalid',
  );
});

test('wrong codes lock like wrong passwords, and asking without a code in between gives no more tries', async () => {
  const totp = await enrol('grace');
  const wrong = String((Number(totp.generate()) + 1) % 1_000_000).padStart(6, '0');
  const codes: (string | undefined)[] = [];
  for (let n = 0; n < 5; n++) {
    codes.push((await logIn('grace', wrong)).body.code);
    if (n < 4) codes.push((await logIn('grace')).body.code);
  }
  expect(codes.filter((code) => code === 'credentials_invalid')).toHaveLength(5);
  expect((await logIn('grace', totp.generate())).body.code).toBe('access_locked');
});

test('the secret is nowhere in the database', async () => {
  const { rows } = await bank.database.query<{ sealed: Buffer }>(
    `select totp_secret as sealed from access.staff where username = 'ada'`,
  );
  expect(rows[0]?.sealed.includes(Buffer.from(authenticator.secret.bytes))).toBe(false);
});
