/** Turns the PIN gate's verdict into an answer; the attempt that locks an account is also told to the journal. */
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Verdict } from '../access/pin-gate.ts';
import type { Refusal } from './problems.ts';
import { submit } from './waiting.ts';

type Place = { readonly account: string; readonly terminal: string; readonly correlationId: string };

/** Undefined when the PIN was right. */
export async function refusalOf(verdict: Verdict, bookkeeper: Bookkeeper, place: Place): Promise<Refusal | undefined> {
  if (verdict.ok) return undefined;
  if (verdict.lockedUntil !== undefined) await recordLock(bookkeeper, place, verdict.lockedUntil);
  return verdict.refusal;
}

/**
 * The lock itself works already; the event is for those who look later. The command id makes it one event a lock. An
 * account the bank does not have is locked all the same, and leaves no event.
 */
async function recordLock(bookkeeper: Bookkeeper, place: Place, until: string): Promise<void> {
  const { account, terminal, correlationId } = place;
  await submit(bookkeeper, {
    command: { type: 'LockAccess', account, until },
    commandId: `lock:${account}:${until}`,
    requestHash: 'lock',
    actor: `terminal:${terminal}`,
    terminal,
    correlationId,
  });
}
