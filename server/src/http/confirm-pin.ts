/** Turns the PIN gate's verdict into an answer; a lock is also told to the journal. */
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Verdict } from '../access/pin-gate.ts';
import type { SecurityLog } from '../audit/security-log.ts';
import type { Refusal } from './problems.ts';

type Place = { readonly account: string; readonly terminal: string; readonly correlationId: string };

/** Undefined when the PIN was right. */
export function refusalOf(
  verdict: Verdict,
  { bookkeeper, security }: { readonly bookkeeper: Bookkeeper; readonly security: SecurityLog },
  place: Place,
): Refusal | undefined {
  if (verdict.ok) return undefined;
  if (verdict.refusal.code === 'pin_invalid') {
    security.note({ kind: 'pin_wrong', subject: place.account, terminal: place.terminal });
  }
  const { refusal, lockedUntil } = verdict;
  if (lockedUntil === undefined) return refusal;
  recordLock(bookkeeper, place, lockedUntil);
  if (refusal.code === 'access_locked') return refusal;
  return { ...refusal, retryAfterSeconds: Math.max(1, Math.ceil((Date.parse(lockedUntil) - Date.now()) / 1000)) };
}

/**
 * The lock works already; the event is for those who look later. Nobody waits for it: the time an answer takes must not
 * tell whether the account exists. The command id makes it one event a lock, however often it is told, and the next
 * attempt tells it again should it have been lost.
 */
function recordLock(bookkeeper: Bookkeeper, { account, terminal, correlationId }: Place, until: string): void {
  const told = bookkeeper.submit({
    command: { type: 'LockAccess', account, until },
    commandId: `lock:${account}:${until}`,
    requestHash: 'lock',
    actor: `terminal:${terminal}`,
    terminal,
    correlationId,
  });
  told.catch(() => undefined);
}
