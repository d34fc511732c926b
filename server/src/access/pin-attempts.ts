/** Counts PIN attempts in the database: each is committed before its PIN is checked, three wrong ones lock. */
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { grouped } from './grouped.ts';

export const mostAttempts = 3;
const lockSeconds = 300;
/** A check that has not ended by then was cut short by a crash, and counts as wrong. */
const checkSeconds = 5;
const retryMs = 25;
/** Attempts at numbers nobody came back to are forgotten after a day: less often than locks give three new tries. */
const keepHours = 24;

export type Reservation =
  /** The PIN may be checked; so many attempts have been made, this one included. */
  { readonly granted: true; readonly attempts: number } | { readonly granted: false; readonly lockedUntil: Date };

export interface PinAttempts {
  reserve(account: string): Promise<Reservation>;
  /** The PIN was right: the count starts anew, unless a lock came in between. */
  succeed(account: string): Promise<void>;
  /** The third attempt was wrong: gives until when access is locked. */
  lock(account: string): Promise<Date>;
  unlock(account: string): Promise<void>;
  sweep(): Promise<void>;
}

type Row = { account: string; attempts: number; granted: boolean; locked_until: Date | null };

const isOver = 'a.locked_until <= now()';
const isFree = 'a.locked_until is null and a.attempts < $2';
const isStuck = `a.locked_until is null and a.attempts >= $2 and a.changed_at < now() - interval '${String(checkSeconds)} seconds'`;
const lockEnd = `date_trunc('milliseconds', now() + interval '${String(lockSeconds)} seconds')`;

/** Rows are locked in the order of the account, here and below, so that two servers never wait for each other. */
const reserveSql = `
  insert into access.pin_attempts as a (account, attempts, granted, changed_at)
  select account, 1, true, now() from unnest($1::text[]) as asked (account) order by account
  on conflict (account) do update set
    attempts = case when ${isOver} then 1 when ${isFree} then a.attempts + 1 else a.attempts end,
    granted = coalesce(${isOver}, false) or (${isFree}),
    locked_until = case when ${isOver} then null when ${isStuck} then ${lockEnd} else a.locked_until end,
    changed_at = case when ${isOver} or (${isFree}) then now() else a.changed_at end
  returning account, attempts, granted, locked_until`;

const succeedSql = `
  with right_ones as (
    select account from access.pin_attempts where account = any ($1::text[]) order by account for update
  )
  update access.pin_attempts as a set attempts = 0 from right_ones
  where a.account = right_ones.account and a.locked_until is null`;

const lockSql = `
  update access.pin_attempts set locked_until = coalesce(locked_until, ${lockEnd}), granted = false
  where account = $1 returning locked_until`;

/** At most one attempt of an account may be under way in this process: see `oneAtATime`. */
export function postgresPinAttempts({ pool }: { readonly pool: pg.Pool }): PinAttempts {
  const reserve = grouped(async (accounts: readonly string[]): Promise<readonly Row[]> => {
    const { rows } = await pool.query<Row>({ name: 'pin_reserve', text: reserveSql, values: [accounts, mostAttempts] });
    const byAccount = new Map(rows.map((row) => [row.account, row]));
    return accounts.map((account) => byAccount.get(account) as Row);
  });
  const succeed = grouped(async (accounts: readonly string[]): Promise<readonly undefined[]> => {
    await pool.query({ name: 'pin_succeed', text: succeedSql, values: [accounts] });
    return accounts.map(() => undefined);
  });

  return {
    async reserve(account) {
      // All three attempts may be under way on other servers: what becomes of them is known in a moment.
      for (;;) {
        const { attempts, granted, locked_until: lockedUntil } = await reserve(account);
        if (granted) return { granted, attempts };
        if (lockedUntil !== null) return { granted, lockedUntil };
        await sleep(retryMs);
      }
    },
    succeed,
    async lock(account) {
      const { rows } = await pool.query<{ locked_until: Date }>(lockSql, [account]);
      const until = rows[0]?.locked_until;
      if (until === undefined) throw new Error('an attempt was counted, but its row is gone');
      return until;
    },
    async unlock(account) {
      await pool.query('delete from access.pin_attempts where account = $1', [account]);
    },
    async sweep() {
      await pool.query(
        `delete from access.pin_attempts where changed_at < now() - interval '${String(keepHours)} hours'
         and (locked_until is null or locked_until <= now())`,
      );
    },
  };
}
