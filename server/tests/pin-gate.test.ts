/** The PIN gate on a real database: three tries and no more, however many ask at once, on however many servers. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { PinGate, Verdict } from '../src/access/pin-gate.ts';
import { postgresPinGate } from '../src/access/pin-gate.ts';

const pinKey = randomBytes(32);
let database: TestDatabase;
let owner: pg.Pool;
const pools: pg.Pool[] = [];
let one: PinGate;
let two: PinGate;

/** A server of its own on the same database. */
function gate(): PinGate {
  const pool = new pg.Pool({ connectionString: database.url, options: '-c role=grandlivre_server', max: 5 });
  pools.push(pool);
  return postgresPinGate({ pool, pinKey });
}

beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  one = gate();
  two = gate();
});
afterAll(async () => {
  await Promise.all([owner, ...pools].map((pool) => pool.end()));
  await database.drop();
});

let accounts = 0;
async function newAccount(pin = '2527'): Promise<string> {
  const account = String(++accounts);
  await one.enrol(account, pin);
  return account;
}

const summary = (verdict: Verdict): string =>
  verdict.ok ? 'ok' : 'attemptsLeft' in verdict.refusal ? `left ${String(verdict.refusal.attemptsLeft)}` : 'locked';
const checks = async (account: string, pins: readonly string[]): Promise<readonly string[]> => {
  const seen: string[] = [];
  for (const pin of pins) seen.push(summary(await one.check(account, pin)));
  return seen;
};

test('the right PIN opens, and forgives the wrong ones before it', async () => {
  const account = await newAccount();
  expect(await checks(account, ['0000', '1111', '2527', '0000', '1111', '2527'])).toEqual([
    'left 2',
    'left 1',
    'ok',
    'left 2',
    'left 1',
    'ok',
  ]);
});

test.each(['an account', 'a number no account has'])('three wrong PINs lock %s for 300 s', async (which) => {
  const account = which === 'an account' ? await newAccount() : '999999';
  expect(await checks(account, ['0000', '0000', '0000', '2527'])).toEqual(['left 2', 'left 1', 'left 0', 'locked']);
  const locked = await gate().check(account, '2527');
  expect(locked).toMatchObject({ ok: false, refusal: { code: 'access_locked' } });
  if (locked.ok || !('retryAfterSeconds' in locked.refusal)) throw new Error('not locked');
  expect(locked.refusal.retryAfterSeconds).toBeGreaterThan(290);
  expect(locked.refusal.retryAfterSeconds).toBeLessThanOrEqual(300);
});

test('when the lock has run out there are three tries again', async () => {
  const account = await newAccount();
  await checks(account, ['0000', '0000', '0000']);
  await owner.query(`update access.pin_attempts set locked_until = now() - interval '1 second' where account = $1`, [
    account,
  ]);
  expect(await checks(account, ['0000', '0000', '0000', '2527'])).toEqual(['left 2', 'left 1', 'left 0', 'locked']);
});

test('an operator ends a lock', async () => {
  const account = await newAccount();
  await checks(account, ['0000', '0000', '0000']);
  await one.unlock(account);
  expect(await checks(account, ['2527'])).toEqual(['ok']);
});

test('of 200 wrong PINs at once on two servers three are checked', async () => {
  const account = await newAccount();
  const verdicts = await Promise.all(
    Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : two).check(account, String(n).padStart(4, '0'))),
  );
  expect(
    verdicts
      .map(summary)
      .filter((seen) => seen !== 'locked')
      .sort(),
  ).toEqual(['left 0', 'left 1', 'left 2']);
});

test('the right PIN behind a crowd of wrong ones does not get through', async () => {
  const account = await newAccount('4321');
  const guesses = Array.from({ length: 200 }, (_, n) => (n === 150 ? '4321' : String(n).padStart(4, '0')));
  const verdicts = await Promise.all(guesses.map((pin, n) => (n % 2 === 0 ? one : two).check(account, pin)));
  expect(verdicts.map(summary)).not.toContain('ok');
});

test('100 right confirmations at once on two servers all pass', async () => {
  const account = await newAccount();
  const session = { account, token: 'token', pinDigest: one.sessionDigest(account, 'token', '2527') };
  const verdicts = await Promise.all(
    Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : two).confirm(session, '2527')),
  );
  expect(new Set(verdicts.map(summary))).toEqual(new Set(['ok']));
});

test('confirmations count like log-ins, and another token confirms nothing', async () => {
  const account = await newAccount();
  const pinDigest = one.sessionDigest(account, 'token', '2527');
  expect(summary(await one.confirm({ account, token: 'another', pinDigest }, '2527'))).toBe('left 2');
  expect(summary(await two.confirm({ account, token: 'token', pinDigest }, '1111'))).toBe('left 1');
  expect(summary(await one.check(account, '1111'))).toBe('left 0');
  expect(summary(await one.confirm({ account, token: 'token', pinDigest }, '2527'))).toBe('locked');
});

test('attempts a crashed server left under way end in the lock', async () => {
  const account = await newAccount();
  await owner.query(
    `insert into access.pin_attempts (account, attempts, granted, changed_at) values ($1, 3, true, now() - interval '1 minute')`,
    [account],
  );
  expect(await checks(account, ['2527'])).toEqual(['locked']);
});

test('an account keeps its first PIN, and the database holds none in clear', async () => {
  const account = await newAccount('8765');
  await one.enrolMany([{ account, pin: '1234' }]);
  expect(await checks(account, ['1234', '8765'])).toEqual(['left 2', 'ok']);
  const { rows } = await owner.query<{ all: string }>('select string_agg(verifier, $1) as all from access.pins', [' ']);
  expect(rows[0]?.all).not.toContain('8765');
});
