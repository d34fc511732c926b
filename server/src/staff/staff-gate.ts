/** Checks a staff log-in: user name and password, with attempts counted and locked the same for names that do not exist. */
import { verify } from '@node-rs/argon2';
import type pg from 'pg';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { stepOf } from './one-time-codes.ts';
import type { StaffRole } from '../http/contract/staff.ts';

export type StaffAdmission =
  | { readonly admitted: true; readonly username: string; readonly role: StaffRole }
  | { readonly admitted: false; readonly refusal: StaffRefusal };

type StaffRefusal =
  | { readonly code: 'credentials_invalid' }
  | { readonly code: 'one_time_code_needed' }
  | { readonly code: 'access_locked'; readonly retryAfterSeconds: number };

type LogIn = { readonly username: string; readonly password: string; readonly code?: string | undefined };

export interface StaffGate {
  logIn(given: LogIn): Promise<StaffAdmission>;
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
  insert into access.staff_attempts as a (username, failed) values ($1, 1)
  on conflict (username) do update set
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

export function postgresStaffGate({
  pool,
  masterKeys,
}: {
  readonly pool: pg.Pool;
  readonly masterKeys: MasterKeys;
}): StaffGate {
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

  async function locked(username: string): Promise<StaffAdmission> {
    const { rows } = await pool.query<{ seconds: number }>(
      `select greatest(1, ceil(extract(epoch from locked_until - now())))::int as seconds
       from access.staff_attempts where username = $1`,
      [username],
    );
    return { admitted: false, refusal: { code: 'access_locked', retryAfterSeconds: rows[0]?.seconds ?? 1 } };
  }

  return {
    async logIn({ username, password, code }) {
      const counted = await pool.query(countSql, [username]);
      if (counted.rowCount === 0) return locked(username);
      const { rows } = await pool.query<Row>(
        'select password_hash, role, totp_secret, totp_generation from access.staff where username = $1',
        [username],
      );
      const [staff] = rows;
      const right = await verify(staff?.password_hash ?? nobodysHash, password);
      if (!right || staff === undefined) return { admitted: false, refusal: { code: 'credentials_invalid' } };
      if (staff.totp_secret !== null) {
        if (code === undefined) {
          // This attempt was none; those with a wrong code stay counted.
          await pool.query(
            'update access.staff_attempts set failed = failed - 1, locked_until = null where username = $1',
            [username],
          );
          return { admitted: false, refusal: { code: 'one_time_code_needed' } };
        }
        if (!(await takeCode(username, staff.totp_secret, staff.totp_generation ?? 1, code))) {
          return { admitted: false, refusal: { code: 'credentials_invalid' } };
        }
      }
      await pool.query('delete from access.staff_attempts where username = $1', [username]);
      return { admitted: true, username, role: staff.role };
    },

    async sweep() {
      await pool.query(
        `delete from access.staff_attempts
         where last_at < now() - interval '1 day' and (locked_until is null or locked_until <= now())`,
      );
    },
  };
}
