/** The PIN authenticator on a real database: three tries and no more, however many ask at once, on however many servers. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isTrivialPin } from '../../api/src/trivial-pin.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { PinAuthenticator, PinResult } from '../src/access/pin-authenticator.ts';
import { postgresPinAuthenticator } from '../src/access/pin-authenticator.ts';

const pinKey = randomBytes(32);
let database: TestDatabase;
let owner: pg.Pool;
const pools: pg.Pool[] = [];
let one: PinAuthenticator;
let two: PinAuthenticator;

/** A server of its own on the same database. */
function authenticator(): PinAuthenticator {
  const pool = new pg.Pool({ connectionString: database.url, options: '-c role=grandlivre_server', max: 5 });
  pools.push(pool);
  return postgresPinAuthenticator({ pool, pinKey });
}

beforeAll(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url });
  one = authenticator();
  two = authenticator();
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

const summary = (result: PinResult): string =>
  result.ok ? 'ok' : 'attemptsLeft' in result.rejection ? `left ${String(result.rejection.attemptsLeft)}` : 'locked';
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
  const locked = await authenticator().check(account, '2527');
  expect(locked).toMatchObject({ ok: false, rejection: { code: 'access_locked' } });
  if (locked.ok || !('retryAfterSeconds' in locked.rejection)) throw new Error('not locked');
  expect(locked.rejection.retryAfterSeconds).toBeGreaterThan(290);
  expect(locked.rejection.retryAfterSeconds).toBeLessThanOrEqual(300);
});

test('when the lock has run out there are three tries again', async () => {
  const account = await newAccount();
  await checks(account, ['0000', '0000', '0000']);
  await owner.query(`update access.pin_attempts set locked_until = now() - interval '1 second' where subject = $1`, [
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
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, n) => (n % 2 === 0 ? one : two).check(account, String(n).padStart(4, '0'))),
  );
  expect(
    results
      .map(summary)
      .filter((seen) => seen !== 'locked')
      .sort(),
  ).toEqual(['left 0', 'left 1', 'left 2']);
});

test('the right PIN behind a crowd of wrong ones does not get through', async () => {
  const account = await newAccount('4321');
  const guesses = Array.from({ length: 200 }, (_, n) => (n === 150 ? '4321' : String(n).padStart(4, '0')));
  const results = await Promise.all(guesses.map((pin, n) => (n % 2 === 0 ? one : two).check(account, pin)));
  expect(results.map(summary)).not.toContain('ok');
});

test('100 right confirmations at once on two servers all pass', async () => {
  const account = await newAccount();
  const session = { account, token: 'token', pinDigest: one.sessionDigest(account, 'token', '2527') };
  const results = await Promise.all(
    Array.from({ length: 100 }, (_, n) => (n % 2 === 0 ? one : two).confirm(session, '2527')),
  );
  expect(new Set(results.map(summary))).toEqual(new Set(['ok']));
});

test('within a session attempts count apart: wrong log-ins elsewhere do not lock it, and the right PIN there unlocks no log-in', async () => {
  const account = await newAccount();
  const session = { account, token: 'token', pinDigest: one.sessionDigest(account, 'token', '2527') };
  expect(await checks(account, ['0000', '0000', '0000', '2527'])).toEqual(['left 2', 'left 1', 'left 0', 'locked']);
  expect(summary(await two.confirm(session, '2527'))).toBe('ok');
  expect(summary(await two.confirm(session, '1111'))).toBe('left 2');
  expect(summary(await one.confirm(session, '2527'))).toBe('ok');
  expect(await checks(account, ['2527'])).toEqual(['locked']);
});

test('three wrong PINs within a session end it and lock the log-in; another token confirms nothing', async () => {
  const account = await newAccount();
  const pinDigest = one.sessionDigest(account, 'token-2', '2527');
  expect(summary(await one.confirm({ account, token: 'another', pinDigest }, '2527'))).toBe('left 2');
  const session = { account, token: 'token-2', pinDigest };
  const seen = [
    await two.confirm(session, '1111'),
    await one.confirm(session, '1111'),
    await two.confirm(session, '1'),
  ];
  expect(seen.map(summary)).toEqual(['left 2', 'left 1', 'left 0']);
  expect(await one.confirm(session, '2527')).toMatchObject({ rejection: { code: 'unauthenticated' } });
  expect(await checks(account, ['2527'])).toEqual(['locked']);
});

test.each(['an account', 'a number no account has'])(
  'locks on %s grow, and then last until the bank acts',
  async (which) => {
    const account = which === 'an account' ? await newAccount() : '888888';
    const waits: (number | undefined)[] = [];
    for (let round = 0; round < 5; round++) {
      await checks(account, ['0000', '0000', '0000']);
      const { rejection } = (await two.check(account, '2527')) as { rejection: { retryAfterSeconds?: number } };
      waits.push(rejection.retryAfterSeconds);
      await owner.query('update access.pin_attempts set locked_until = now() where subject = $1 and locks < 5', [
        account,
      ]);
      // Long afterwards the count goes on where it was.
      await owner.query(`update access.pin_attempts set changed_at = now() - interval '89 days'`);
      await one.sweep();
    }
    for (const [index, seconds] of [300, 900, 3_600, 86_400].entries()) {
      expect(waits[index]).toBeGreaterThan(seconds - 10);
      expect(waits[index]).toBeLessThanOrEqual(seconds);
    }
    expect(waits[4]).toBeUndefined();
    expect(await one.check(account, '2527')).toMatchObject({
      rejection: { code: 'access_locked' },
      lockedUntil: '9999-12-31T23:59:59.999Z',
    });
    await one.unlock(account);
    if (which === 'an account') expect(await checks(account, ['2527'])).toEqual(['ok']);
  },
);

test('a right PIN at log-in makes the next lock the shortest again', async () => {
  const account = await newAccount();
  for (const longest of [300, 300]) {
    await checks(account, ['0000', '0000', '0000']);
    const { rejection } = (await one.check(account, '2527')) as { rejection: { retryAfterSeconds?: number } };
    expect(rejection.retryAfterSeconds).toBeLessThanOrEqual(longest);
    await owner.query('update access.pin_attempts set locked_until = now() where subject = $1', [account]);
    expect(await checks(account, ['2527'])).toEqual(['ok']);
  }
});

test('of a change and a reset the later event wins, in whichever order they are carried out', async () => {
  const account = await newAccount();
  await one.reset({ account, pin: '4820', position: 20 });
  await two.change({ account, pin: '9031', position: 10 }, 'token');
  expect(await one.check(account, '4820')).toMatchObject({ ok: true, pinPosition: 20, mustChange: true });
  expect(await checks(account, ['9031', '2527'])).toEqual(['left 2', 'left 1']);
});

test('a one-time PIN is the same for the same command only, and never an easy one', () => {
  const pins = Array.from({ length: 2_000 }, (_, n) => one.oneTimePin('17', `staff:operator:${String(n)}`));
  expect(pins[0]).toBe(two.oneTimePin('17', 'staff:operator:0'));
  expect(new Set(pins).size).toBeGreaterThan(1_500);
  for (const pin of pins) expect(isTrivialPin(pin, '17')).toBe(false);
});

test('attempts a crashed server left under way end in the lock', async () => {
  const account = await newAccount();
  await owner.query(
    `insert into access.pin_attempts (subject, attempts, granted, changed_at) values ($1, 3, true, now() - interval '1 minute')`,
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
