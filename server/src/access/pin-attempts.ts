/** Counts PIN attempts in the database: each is committed before its PIN is checked, three wrong ones lock, ever longer. */
import type pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import { batcher } from './batcher.ts';
import { lockSeconds, untilTheBankActs } from './pin-rules.ts';

export const mostAttempts = 3;
/** A check that has not ended by then was cut short by a crash, and counts as wrong. */
const checkSeconds = 5;
const retryMs = 25;
/** A count of nothing wrong, and that of a session, which lasts an hour at most. */
const keepQuietHours = 24;
/** Wrong attempts and locks that nobody came back to are forgotten then: four times a year less than locks ever give. */
const keepWrongDays = 90;

/** ISO 8601, UTC. */
type LockedUntil = string;

export type Reservation =
  /** The PIN may be checked; so many attempts have been made, this one included. */
  | { readonly granted: true; readonly attempts: number }
  | { readonly granted: false; readonly lockedUntil: LockedUntil };

/** `subject`: an account's number at log-in, or a session. */
export interface PinAttempts {
  reserve(subject: string): Promise<Reservation>;
  /** The PIN was right: attempts and locks count anew, unless a lock came in between. */
  succeed(subject: string): Promise<void>;
  /** The third attempt was wrong, here or within a session: gives until when access is locked. */
  lock(subject: string): Promise<LockedUntil>;
  unlock(subject: string): Promise<void>;
  sweep(): Promise<void>;
}

/** What attempts within a session are counted under; never an account's number. */
export const sessionSubject = (tokenHash: Buffer): string => `session ${tokenHash.toString('hex')}`;

type Row = { subject: string; attempts: number; granted: boolean; locked_until: Date | null };

const isOver = 'a.locked_until <= now()';
const isFree = 'a.locked_until is null and a.attempts < $2';
const isStuck = `a.locked_until is null and a.attempts >= $2 and a.changed_at < now() - interval '${String(checkSeconds)} seconds'`;
/** Of the lock that follows on so many: past the last length there is none, and with it no sum. */
const lockEnd = (locks: string): string =>
  `coalesce(date_trunc('milliseconds', now() + make_interval(secs => (array[${lockSeconds.join(', ')}])[${locks} + 1])),
            timestamptz '${untilTheBankActs}')`;

/** Rows are locked in the order of the subject, here and below, so that two servers never wait for each other. */
const reserveSql = `
  insert into access.pin_attempts as a (subject, attempts, granted, changed_at)
  select subject, 1, true, now() from unnest($1::text[]) as given (subject) order by subject
  on conflict (subject) do update set
    attempts = case when ${isOver} then 1 when ${isFree} then a.attempts + 1 else a.attempts end,
    granted = coalesce(${isOver}, false) or (${isFree}),
    locked_until = case when ${isOver} then null when ${isStuck} then ${lockEnd('a.locks')} else a.locked_until end,
    locks = case when ${isStuck} then a.locks + 1 else a.locks end,
    changed_at = case when ${isOver} or (${isFree}) or (${isStuck}) then now() else a.changed_at end
  returning subject, attempts, granted, locked_until`;

const succeedSql = `
  with right_ones as (
    select subject from access.pin_attempts where subject = any ($1::text[]) order by subject for update
  )
  update access.pin_attempts as a set attempts = 0, locks = 0 from right_ones
  where a.subject = right_ones.subject and a.locked_until is null`;

const isLocked = 'a.locked_until > now()';
const lockSql = `
  insert into access.pin_attempts as a (subject, attempts, granted, changed_at, locks, locked_until)
  values ($1, $2, false, now(), 1, ${lockEnd('0')})
  on conflict (subject) do update set
    locked_until = case when ${isLocked} then a.locked_until else ${lockEnd('a.locks')} end,
    locks = case when ${isLocked} then a.locks else a.locks + 1 end,
    granted = false, changed_at = now()
  returning locked_until`;

/** At most one attempt of a subject may be under way in this process: the PIN authenticator sees to it. */
export function postgresPinAttempts({ pool }: { readonly pool: pg.Pool }): PinAttempts {
  const reserve = batcher(async (subjects: readonly string[]): Promise<readonly Row[]> => {
    const { rows } = await pool.query<Row>({ name: 'pin_reserve', text: reserveSql, values: [subjects, mostAttempts] });
    const bySubject = new Map(rows.map((row) => [row.subject, row]));
    return subjects.map((subject) => bySubject.get(subject) as Row);
  });
  const succeed = batcher(async (subjects: readonly string[]): Promise<readonly undefined[]> => {
    await pool.query({ name: 'pin_succeed', text: succeedSql, values: [subjects] });
    return subjects.map(() => undefined);
  });

  return {
    async reserve(subject) {
      // All three attempts may be under way on other servers: what becomes of them is known in a moment.
      for (;;) {
        const { attempts, granted, locked_until: lockedUntil } = await reserve(subject);
        if (granted) return { granted, attempts };
        if (lockedUntil !== null) return { granted, lockedUntil: lockedUntil.toISOString() };
        await sleep(retryMs);
      }
    },
    succeed,
    async lock(subject) {
      const { rows } = await pool.query<{ locked_until: Date }>(lockSql, [subject, mostAttempts]);
      const until = rows[0]?.locked_until;
      if (until === undefined) throw new Error('a lock was written, but its row did not come back');
      return until.toISOString();
    },
    async unlock(subject) {
      await pool.query('delete from access.pin_attempts where subject = $1', [subject]);
    },
    async sweep() {
      await pool.query(
        `delete from access.pin_attempts
         where changed_at < now() - interval '${String(keepQuietHours)} hours'
           and (subject like 'session %' or attempts = 0 and locks = 0
             or changed_at < now() - interval '${String(keepWrongDays)} days')
           and (locked_until is null or locked_until <= now() or subject like 'session %')`,
      );
    },
  };
}
