/** The PIN gate: the one way to a yes or no about a PIN, at log-in and within a session, with the attempts counted. */
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { Reservation } from './pin-attempts.ts';
import { mostAttempts, postgresPinAttempts } from './pin-attempts.ts';
import { fits, makeVerifier, sameDigest, sessionDigest } from './pin-verifier.ts';

export type PinRefusal =
  | { readonly code: 'pin_invalid'; readonly attemptsLeft: number }
  | { readonly code: 'access_locked'; readonly retryAfterSeconds: number };

export type Verdict =
  | { readonly ok: true }
  /** `lockedUntil` (ISO 8601) while access is locked, so that the lock can be told to the journal, more than once if need be. */
  | { readonly ok: false; readonly refusal: PinRefusal; readonly lockedUntil?: string };

type Enrolment = { readonly account: string; readonly pin: string };

export interface PinGate {
  /** At log-in. Numbers without an account are answered exactly alike. */
  check(account: string, pin: string): Promise<Verdict>;
  /** Within a session, against the digest made when it began. */
  confirm(
    session: { readonly account: string; readonly token: string; readonly pinDigest: Buffer },
    pin: string,
  ): Promise<Verdict>;
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

/** Argon2 runs on as many threads as libuv has. */
const hashesAtOnce = 4;

export function postgresPinGate({ pool, pinKey }: { readonly pool: pg.Pool; readonly pinKey: Buffer }): PinGate {
  const attempts = postgresPinAttempts({ pool });
  const inTurn = oneAtATime();
  /** What numbers without an account are checked against: as slow as any other, and right for nobody. */
  const nobody = makeVerifier(randomBytes(32), '', '');

  function attempt(account: string, isRight: () => Promise<boolean> | boolean): Promise<Verdict> {
    return inTurn(account, async () => {
      const reservation = await attempts.reserve(account);
      if (!reservation.granted) return locked(reservation.lockedUntil);
      if (await isRight()) {
        await attempts.succeed(account);
        return { ok: true };
      }
      return wrong(account, reservation);
    });
  }

  async function wrong(account: string, reservation: Extract<Reservation, { granted: true }>): Promise<Verdict> {
    const attemptsLeft = mostAttempts - reservation.attempts;
    const refusal = { code: 'pin_invalid', attemptsLeft } as const;
    if (attemptsLeft > 0) return { ok: false, refusal };
    return { ok: false, refusal, lockedUntil: (await attempts.lock(account)).toISOString() };
  }

  async function verifierOf(account: string): Promise<string | undefined> {
    const { rows } = await pool.query<{ verifier: string }>({
      name: 'pin_verifier',
      text: 'select verifier from access.pins where account = $1',
      values: [account],
    });
    return rows[0]?.verifier;
  }

  async function enrol(account: string, pin: string): Promise<void> {
    if ((await verifierOf(account)) !== undefined) return;
    await pool.query('insert into access.pins (account, verifier) values ($1, $2) on conflict do nothing', [
      account,
      await makeVerifier(pinKey, account, pin),
    ]);
  }

  return {
    check: (account, pin) =>
      attempt(account, async () => fits((await verifierOf(account)) ?? (await nobody), pinKey, account, pin)),
    confirm: ({ account, token, pinDigest }, pin) =>
      attempt(account, () => sameDigest(pinDigest, sessionDigest(pinKey, account, token, pin))),
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

function locked(until: Date): Verdict {
  const retryAfterSeconds = Math.max(1, Math.ceil((until.getTime() - Date.now()) / 1000));
  return { ok: false, refusal: { code: 'access_locked', retryAfterSeconds }, lockedUntil: until.toISOString() };
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
