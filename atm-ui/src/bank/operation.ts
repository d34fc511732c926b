/** An operation on its way: its key is saved before it is sent, and the same key is sent until the bank has answered. */
import type { Problem } from '../../../api/src/problems.ts';
import type { Done, Outcome } from './calls.ts';
import { callsOn } from './calls.ts';
import { untilAnswered } from './retry.ts';

export type Operation = {
  readonly key: string;
  /** The visit and the account it belongs to: it is never sent for another, and goes with the visit. */
  readonly visit: string;
  readonly account: string;
  readonly kind: 'deposit' | 'withdrawal' | 'transfer';
  /** A decimal string in euros. */
  readonly amount: string;
  readonly to?: string;
  /** How the recipient's names begin. */
  readonly payee?: string;
  /** It has been sent and not been answered: nobody here knows whether it was carried out. */
  readonly isUncertain: boolean;
};

export type Settled =
  | { readonly is: 'done'; readonly done: Done; readonly at: string }
  /** The bank said no: nothing was moved. */
  | { readonly is: 'rejected'; readonly problem: Problem }
  /** Nobody here can find out how it ended: its key stays saved, and the bank can tell by the reference. */
  | { readonly is: 'unknown'; readonly problem: Problem }
  /** The visit has ended in the meantime. */
  | { readonly is: 'stopped' };

/** The PIN has to be given again; everything else is as it was. */
const tryAgain = new Set<string>(['pin_invalid', 'access_locked', 'unauthenticated', 'session_changed']);

function send({ kind, key, amount, to, account }: Operation, pin: string): Promise<Outcome<Done>> {
  const { deposit, withdraw, transfer } = callsOn(account);
  if (kind === 'deposit') return deposit(key, { amount, pin });
  if (kind === 'withdrawal') return withdraw(key, { amount, pin });
  return transfer(key, { amount, to: to ?? '', pin });
}

type Listeners = {
  /** Saves what is pending, or that nothing is. */
  readonly save: (pending: Operation | undefined) => void;
  /** Told before each pause. */
  readonly onWaiting: (seconds: number) => void;
  readonly signal: AbortSignal;
};

/**
 * Sends it until there is an answer. Afterwards it is no longer saved, unless the answer was about the PIN or the session and
 * an earlier sending may have been carried out.
 */
export async function settle(
  operation: Operation,
  pin: string,
  { save, onWaiting, signal }: Listeners,
): Promise<Settled> {
  let current = operation;
  const outcome = await untilAnswered(
    () => {
      // Before it is sent: whatever happens to this page from here on, the key is known.
      save({ ...current, isUncertain: true });
      return send(current, pin);
    },
    (pauseMs) => {
      current = { ...current, isUncertain: true };
      onWaiting(Math.ceil(pauseMs / 1_000));
    },
    signal,
  );
  if (outcome.is === 'stopped') return outcome;
  if (outcome.is === 'answered') {
    save(undefined);
    return { is: 'done', done: outcome.body, at: outcome.at };
  }
  const { code } = outcome.problem;
  // A machine that was turned away after it had sent it knows no more than one at which the bank fails.
  if (code === 'internal_error' || (code === 'forbidden' && current.isUncertain)) {
    save({ ...current, isUncertain: true });
    return { is: 'unknown', problem: outcome.problem };
  }
  save(tryAgain.has(code) && current.isUncertain ? current : undefined);
  return { is: 'rejected', problem: outcome.problem };
}
