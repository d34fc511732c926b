/**
 * Checks a staff log-in: user name and password, with attempts counted and locked the same for names that do not exist.
 * A device that logged in before has a count of its own: strangers lock out strangers, and nobody else.
 */
import { verify } from '@node-rs/argon2';
import type pg from 'pg';
import type { SourceFailures } from '../access/source-failures.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { stepOf } from './one-time-codes.ts';
import type { StaffRole } from '../../../api/src/calls/staff.ts';

export type StaffResult =
  | { readonly ok: true; readonly username: string; readonly role: StaffRole }
  | { readonly ok: false; readonly rejection: StaffRejection };

type StaffRejection =
  | { readonly code: 'credentials_invalid' }
  | { readonly code: 'one_time_code_needed' }
  | { readonly code: 'access_locked'; readonly retryAfterSeconds: number }
  | { readonly code: 'too_many_requests'; readonly retryAfterSeconds: number };

type LogIn = {
  readonly username: string;
  readonly password: string;
  readonly code?: string | undefined;
  /** The known device it comes from; undefined: a stranger's, so far. */
  readonly device: string | undefined;
  readonly source: string;
};

export interface StaffAuthenticator {
  logIn(given: LogIn): Promise<StaffResult>;
  /** Forgets attempts that no longer matter. */
  sweep(): Promise<void>;
}

const mostAttempts = 5;
const lockFor = '300 seconds';

/**
 * The attempt is counted before the password is looked at, so that a crash or many calls at once give no attempt for
 * free. The last one allowed locks beforehand; a right password opens again. No row comes back while it is locked.
 */
const countSql = `
  insert into access.staff_attempts as a (username, device, failed) values ($1, $2, 1)
  on conflict (username, device) do update set
    failed = case when a.locked_until is null then a.failed + 1 else 1 end,
    locked_until = case when a.locked_until is null and a.failed + 1 >= ${String(mostAttempts)}
                        then now() + interval '${lockFor}' end,
    last_at = now()
  where a.locked_until is null or a.locked_until <= now()
  returning failed`;

/** A hash no password fits: an unknown name costs as much time as a wrong password. */
const nobodysHash = '$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';

type Row = {
  password_hash: string;
  role: StaffRole;
  totp_secret: Buffer | null;
  totp_generation: number | null;
};

export function postgresStaffAuthenticator({
  pool,
  masterKeys,
  sourceFailures,
}: {
  readonly pool: pg.Pool;
  readonly sourceFailures: SourceFailures;
  readonly masterKeys: MasterKeys;
}): StaffAuthenticator {
  /** Each code is taken once, however many try it at the same moment. */
  async function takeCode(username: string, sealed: Buffer, generation: number, code: string): Promise<boolean> {
    const masterKey = await masterKeys.get(generation);
    const step = stepOf({ masterKey, username, sealed }, code, Date.now());
    if (step === undefined) return false;
    const { rowCount } = await pool.query(
      'update access.staff set totp_step = $2 where username = $1 and (totp_step is null or totp_step < $2)',
      [username, step],
    );
    return rowCount === 1;
  }

  async function locked(username: string, device: string): Promise<StaffResult> {
    const { rows } = await pool.query<{ seconds: number }>(
      `select greatest(1, ceil(extract(epoch from locked_until - now())))::int as seconds
       from access.staff_attempts where username = $1 and device = $2`,
      [username, device],
    );
    return { ok: false, rejection: { code: 'access_locked', retryAfterSeconds: rows[0]?.seconds ?? 1 } };
  }

  /** Password and code, in this order; the attempt is counted already. */
  async function check({ username, password, code }: LogIn): Promise<StaffResult> {
    const { rows } = await pool.query<Row>(
      'select password_hash, role, totp_secret, totp_generation from access.staff where username = $1',
      [username],
    );
    const [staff] = rows;
    const right = await verify(staff?.password_hash ?? nobodysHash, password);
    if (!right || staff === undefined) return { ok: false, rejection: { code: 'credentials_invalid' } };
    if (staff.totp_secret !== null) {
      if (code === undefined) return { ok: false, rejection: { code: 'one_time_code_needed' } };
      if (!(await takeCode(username, staff.totp_secret, staff.totp_generation ?? 1, code))) {
        return { ok: false, rejection: { code: 'credentials_invalid' } };
      }
    }
    return { ok: true, username, role: staff.role };
  }

  return {
    async logIn(given) {
      const { username, device = '', source } = given;
      const wait = device === '' ? await sourceFailures.wait(source) : undefined;
      if (wait !== undefined) return { ok: false, rejection: { code: 'too_many_requests', retryAfterSeconds: wait } };
      const counted = await pool.query(countSql, [username, device]);
      if (counted.rowCount === 0) return locked(username, device);
      const result = await check(given);
      if (result.ok) {
        await pool.query('delete from access.staff_attempts where username = $1 and device = $2', [username, device]);
      } else if (result.rejection.code === 'one_time_code_needed') {
        // This attempt was none; those with a wrong code stay counted.
        await pool.query(
          'update access.staff_attempts set failed = failed - 1, locked_until = null where username = $1 and device = $2',
          [username, device],
        );
      } else if (device === '') {
        await sourceFailures.count(source);
      }
      return result;
    },

    async sweep() {
      await pool.query(
        `delete from access.staff_attempts
         where last_at < now() - interval '1 day' and (locked_until is null or locked_until <= now())`,
      );
    },
  };
}
