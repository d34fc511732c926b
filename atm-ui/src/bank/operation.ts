/** An operation on its way: its key is kept before it is sent, and the same key is sent until the bank has answered. */
import type { Problem } from '../../../server/src/http/problems.ts';
import type { Done, Outcome } from './calls.ts';
import { bank } from './calls.ts';

export type Operation = {
  readonly key: string;
  readonly account: string;
  readonly kind: 'deposit' | 'withdrawal' | 'transfer';
  /** A decimal string in euros. */
  readonly amount: string;
  readonly to?: string;
  readonly holder?: string;
  readonly startedAt: string;
  /** It has been sent and not been answered: nobody here knows whether it was carried out. */
  readonly isUncertain: boolean;
};

export type Settled =
  | { readonly is: 'done'; readonly done: Done }
  /** The bank said no: nothing was moved. */
  | { readonly is: 'refused'; readonly problem: Problem };

/** It survives a reload, and goes with the session. */
const place = 'grand-livre.operation';

export function keep(operation: Operation | undefined): void {
  if (operation === undefined) sessionStorage.removeItem(place);
  else sessionStorage.setItem(place, JSON.stringify(operation));
}

export function kept(): Operation | undefined {
  const text = sessionStorage.getItem(place);
  return text === null ? undefined : (JSON.parse(text) as Operation);
}

/** The PIN has to be given again; everything else is as it was. */
const tryAgain = new Set<string>(['pin_invalid', 'access_locked', 'unauthenticated']);

const send = ({ kind, key, amount, to }: Operation, pin: string): Promise<Outcome<Done>> => {
  if (kind === 'deposit') return bank.deposit(key, { amount, pin });
  if (kind === 'withdrawal') return bank.withdraw(key, { amount, pin });
  return bank.transfer(key, { amount, to: to ?? '', pin });
};

/**
 * Sends it until there is an answer; `onWaiting` is told before each pause. Afterwards it is no longer kept, unless the
 * answer was about the PIN or the session and an earlier sending may have been carried out.
 */
export async function settle(
  operation: Operation,
  pin: string,
  onWaiting: (seconds: number) => void,
): Promise<Settled> {
  let current = operation;
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, 8_000)) {
    // Before it is sent: whatever happens to this page from here on, the key is known.
    keep({ ...current, isUncertain: true });
    const outcome = await send(current, pin);
    if (outcome.is === 'answered') {
      keep(undefined);
      return { is: 'done', done: outcome.body };
    }
    if (outcome.is === 'refused') {
      keep(tryAgain.has(outcome.problem.code) && current.isUncertain ? current : undefined);
      return { is: 'refused', problem: outcome.problem };
    }
    current = { ...current, isUncertain: true };
    onWaiting(Math.ceil(pauseMs / 1_000));
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
