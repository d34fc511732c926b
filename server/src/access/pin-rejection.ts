/** What follows from a PIN that was not accepted: the rejection, a security event, and the lock in the journal. */
import type { ApiRejection } from '../../../api/src/problems.ts';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { SecurityLog } from '../audit/security-log.ts';
import type { PinResult } from './pin-authenticator.ts';

/** The account the PIN was for, and the request it came with. */
type Attempt = {
  readonly account: string;
  readonly terminal: string;
  readonly address: string;
  readonly correlationId: string;
};

export function pinRejection(
  result: Extract<PinResult, { readonly ok: false }>,
  { bookkeeper, security }: { readonly bookkeeper: Pick<Bookkeeper, 'submit'>; readonly security: SecurityLog },
  attempt: Attempt,
): ApiRejection {
  const { rejection, lockedUntil } = result;
  const { terminal, address } = attempt;
  if (rejection.code === 'pin_invalid') {
    security.record({ kind: 'pin_wrong', subject: attempt.account, terminal, address });
  }
  if (lockedUntil !== undefined) recordLock(bookkeeper, attempt, lockedUntil);
  return rejection;
}

/**
 * The lock works already; the event is for those who look later. Nobody waits for it: the time an answer takes must not
 * tell whether the account exists. The command id makes it one event a lock, however often it is submitted, and the
 * next attempt submits it again should it have been lost.
 */
function recordLock(
  bookkeeper: Pick<Bookkeeper, 'submit'>,
  { account, terminal, correlationId }: Omit<Attempt, 'address'>,
  until: string,
): void {
  const submitted = bookkeeper.submit({
    command: { type: 'LockAccess', account, until },
    commandId: `lock:${account}:${until}`,
    requestHash: 'lock',
    actor: `terminal:${terminal}`,
    terminal,
    correlationId,
  });
  submitted.catch(() => undefined);
}
