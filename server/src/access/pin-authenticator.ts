/** The PIN authenticator: the one way to a yes or no about a PIN, at log-in and within a session, with the attempts counted. */
import { createHmac, randomBytes } from 'node:crypto';
import type pg from 'pg';
import { isTrivialPin } from '../../../api/src/trivial-pin.ts';
import { mostAttempts, postgresPinAttempts, sessionSubject } from './pin-attempts.ts';
import { secondsUntil } from './pin-rules.ts';
import { fits, makeVerifier, sameDigest, sessionDigest } from './pin-verifier.ts';
import type { CustomerSession } from './sessions.ts';
import { hashToken } from './tokens.ts';

export type PinRejection =
  /** With `retryAfterSeconds` when this was the last attempt, which locked for a time. */
  | { readonly code: 'pin_invalid'; readonly attemptsLeft: number; readonly retryAfterSeconds?: number }
  /** Without `retryAfterSeconds`: until the bank acts. */
  | { readonly code: 'access_locked'; readonly retryAfterSeconds?: number }
  /** Other attempts have ended this session meanwhile. */
  | { readonly code: 'unauthenticated' };

type Wrong = {
  readonly ok: false;
  readonly rejection: PinRejection;
  /** ISO 8601, while access is locked, so that the lock can be recorded in the journal, more than once if need be. */
  readonly lockedUntil?: string;
};
export type PinResult = { readonly ok: true } | Wrong;

/** Which PIN was right, and whether it must be changed before anything else. */
export type LogInResult = { readonly ok: true; readonly pinPosition: number; readonly mustChange: boolean } | Wrong;

type Enrolment = { readonly account: string; readonly pin: string };
type Confirming = Pick<CustomerSession, 'account' | 'token' | 'pinDigest'>;

/** A PIN that takes the place of another, by the journal's event at `position`. */
export type NewPin = Enrolment & { readonly position: number };

export interface PinAuthenticator {
  /** At log-in. Numbers without an account are answered exactly alike. */
  check(account: string, pin: string): Promise<LogInResult>;
  /** Within a session, against the digest made when it began; three wrong ones end the session and lock the log-in. */
  confirm(session: Confirming, pin: string): Promise<PinResult>;
  /** The same before a change of PIN, which may be the one that this session has just made, sent again. */
  confirmChange(
    session: Confirming & Pick<CustomerSession, 'replacedDigest'>,
    pins: { readonly pin: string; readonly newPin: string },
  ): Promise<PinResult>;
  /** Replaces the PIN, unless a later event has; every session of the account but this one ends. */
  change(newPin: NewPin, token: string): Promise<void>;
  /** The same with a PIN that must be changed at once; every session ends, and so does a lock. */
  reset(newPin: NewPin): Promise<void>;
  /** The one-time PIN that belongs to a reset: the same for the same command, and known to nobody without the PIN key. */
  oneTimePin(account: string, commandId: string): string;
  /** Gives an account its first PIN; one that has a PIN keeps it, for an opening may be asked for again. */
  enrol(account: string, pin: string): Promise<void>;
  /** The same for many, hashing only for those that have none yet. */
  enrolMany(enrolments: readonly Enrolment[], onProgress?: (done: number) => void): Promise<void>;
  sessionDigest(account: string, token: string, pin: string): Buffer;
  /** Ends a lock before its time. */
  unlock(account: string): Promise<void>;
  /** Forgets attempts that nobody came back to. */
  sweep(): Promise<void>;
}

/** Argon2 runs on libuv's threads, of which there are four unless told otherwise. */
const hashesAtOnce = 4;

type KnownPin = { verifier: string; position: string; must_change: boolean };

/** A session whose `pin_position` is no longer the PIN's has ended: the change itself ends all but the one that made it. */
const changeSql = `
  with changed as (
    update access.pins set verifier = $2, position = $3, must_change = false where account = $1 and position < $3
    returning account
  )
  update access.sessions as s
  set pin_digest = $5, replaced_digest = s.pin_digest, pin_position = $3, must_change_pin = false
  from changed where s.token_hash = $4 and s.account = changed.account`;

/** An account whose opening was cut short has no PIN yet. */
const resetSql = `
  insert into access.pins as p (account, verifier, position, must_change) values ($1, $2, $3, true)
  on conflict (account) do update set verifier = $2, position = $3, must_change = true where p.position < $3`;

export function postgresPinAuthenticator({
  pool,
  pinKey,
}: {
  readonly pool: pg.Pool;
  readonly pinKey: Buffer;
}): PinAuthenticator {
  const attempts = postgresPinAttempts({ pool });
  const inOrder = oneAtATime();
  const isPinOf = ({ account, token }: Confirming, digest: Buffer, pin: string): boolean =>
    sameDigest(digest, sessionDigest(pinKey, account, token, pin));
  /** What numbers without an account are checked against: as slow as any other, and right for nobody. */
  const nobody = makeVerifier(randomBytes(32), '', '');

  async function check(account: string, pin: string): Promise<LogInResult> {
    return inOrder(account, async () => {
      const reservation = await attempts.reserve(account);
      if (!reservation.granted) return locked(reservation.lockedUntil);
      const known = await knownPin(account);
      if (await fits(known?.verifier ?? (await nobody), pinKey, account, pin)) {
        await attempts.succeed(account);
        const mustChange = known?.must_change === true || isTrivialPin(pin, account);
        return { ok: true, pinPosition: Number(known?.position), mustChange };
      }
      const attemptsLeft = mostAttempts - reservation.attempts;
      return attemptsLeft > 0 ? wrong(attemptsLeft) : lockedBy(await attempts.lock(account));
    });
  }

  function confirmWithin({ account, token }: Confirming, isRight: () => boolean): Promise<PinResult> {
    const subject = sessionSubject(hashToken(token));
    return inOrder(subject, async (): Promise<PinResult> => {
      const reservation = await attempts.reserve(subject);
      if (!reservation.granted) return { ok: false, rejection: { code: 'unauthenticated' } };
      if (isRight()) {
        await attempts.succeed(subject);
        return { ok: true };
      }
      const attemptsLeft = mostAttempts - reservation.attempts;
      if (attemptsLeft > 0) return wrong(attemptsLeft);
      await pool.query('delete from access.sessions where token_hash = $1', [hashToken(token)]);
      await attempts.lock(subject);
      return lockedBy(await attempts.lock(account));
    });
  }

  async function knownPin(account: string): Promise<KnownPin | undefined> {
    const { rows } = await pool.query<KnownPin>({
      name: 'pin_known',
      text: 'select verifier, position, must_change from access.pins where account = $1',
      values: [account],
    });
    return rows[0];
  }

  async function enrol(account: string, pin: string): Promise<void> {
    if ((await knownPin(account)) !== undefined) return;
    await pool.query('insert into access.pins (account, verifier) values ($1, $2) on conflict do nothing', [
      account,
      await makeVerifier(pinKey, account, pin),
    ]);
  }

  return {
    check,
    confirm: (session, pin) => confirmWithin(session, () => isPinOf(session, session.pinDigest, pin)),
    confirmChange: (session, { pin, newPin }) =>
      confirmWithin(session, () => {
        if (isPinOf(session, session.pinDigest, pin)) return true;
        const { replacedDigest } = session;
        const isRepeat = replacedDigest !== undefined && isPinOf(session, replacedDigest, pin);
        return isRepeat && isPinOf(session, session.pinDigest, newPin);
      }),
    async change({ account, pin, position }, token) {
      await pool.query(changeSql, [
        ...[account, await makeVerifier(pinKey, account, pin), position],
        ...[hashToken(token), sessionDigest(pinKey, account, token, pin)],
      ]);
    },
    async reset({ account, pin, position }) {
      const { rowCount } = await pool.query(resetSql, [account, await makeVerifier(pinKey, account, pin), position]);
      if (rowCount === 1) await attempts.unlock(account);
    },
    oneTimePin(account, commandId) {
      for (let round = 0; ; round++) {
        const digest = createHmac('sha256', pinKey).update(`one-time PIN\n${account}\n${commandId}\n${String(round)}`);
        const pin = String(digest.digest().readUIntBE(0, 6) % 10_000).padStart(4, '0');
        if (!isTrivialPin(pin, account)) return pin;
      }
    },
    enrol,
    async enrolMany(enrolments, onProgress) {
      let next = 0;
      let done = 0;
      const work = async (): Promise<void> => {
        for (let one = enrolments[next++]; one !== undefined; one = enrolments[next++]) {
          await enrol(one.account, one.pin);
          onProgress?.(++done);
        }
      };
      await Promise.all(Array.from({ length: hashesAtOnce }, work));
    },
    sessionDigest: (account, token, pin) => sessionDigest(pinKey, account, token, pin),
    unlock: (account) => attempts.unlock(account),
    sweep: () => attempts.sweep(),
  };
}

const wrong = (attemptsLeft: number): Wrong => ({ ok: false, rejection: { code: 'pin_invalid', attemptsLeft } });

const lockedBy = (lockedUntil: string): Wrong => ({
  ok: false,
  rejection: { code: 'pin_invalid', attemptsLeft: 0, ...wait(lockedUntil) },
  lockedUntil,
});

const locked = (lockedUntil: string): Wrong => ({
  ok: false,
  rejection: { code: 'access_locked', ...wait(lockedUntil) },
  lockedUntil,
});

function wait(lockedUntil: string): { readonly retryAfterSeconds?: number } {
  const retryAfterSeconds = secondsUntil(lockedUntil, Date.now());
  return retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
}

/** Work on one account waits for the work before it on the same account; other accounts do not wait. */
function oneAtATime(): <T>(account: string, work: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>();
  return async (account, work) => {
    const before = last.get(account);
    const mine = (before ?? Promise.resolve()).then(work, work);
    last.set(account, mine);
    try {
      return await mine;
    } finally {
      if (last.get(account) === mine) last.delete(account);
    }
  };
}
