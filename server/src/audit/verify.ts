/** Verifies the whole bank up to a position: replays the journal with the domain's own fold, and compares every entry, balance, status and key of the read model with it, piece by piece. */
import type pg from 'pg';
import { BrokenHistory } from '../../../ledger/src/domain/account.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { commandKey } from '../../../ledger/src/journal/command-key.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { accountFold } from './account-fold.ts';
import { compareAccounts } from './compare-accounts.ts';
import { compareEntries, expectedEntries } from './compare-entries.ts';
import { compareKeys } from './compare-keys.ts';
import type { Difference } from './difference.ts';
import { isUnreadable, readEvent } from './read-event.ts';

export type Verified = { readonly verified: number; readonly differences: readonly Difference[] } & (
  | { readonly is: 'complete'; readonly accounts: number; readonly entries: number; readonly total: bigint }
  /** It ended after `verified`, and says nothing of what comes after. */
  | { readonly is: 'broken_off'; readonly reason: string }
);

const batchSize = 2_000;
/** Enough to see what is wrong; the count of a broken bank helps nobody. */
const mostDifferences = 500;

type Sources = {
  readonly journal: Pick<Journal, 'read'>;
  /** Each statement sees the read model as it is then: no snapshot is held for longer than one. */
  readonly reader: Pick<pg.Pool, 'query'>;
};

/** Told after each batch how far it is. Rejects with the reason of `signal`, or when a store cannot be read. Memory: 18 bytes and a name an account. */
export async function verifyBank(
  { journal, reader }: Sources,
  position: number,
  { onProgress, signal }: { readonly onProgress: (verified: number) => Promise<void>; readonly signal: AbortSignal },
): Promise<Verified> {
  const fold = accountFold();
  const differences: Difference[] = [];
  const differ = (difference: Difference): void => {
    if (differences.length < mostDifferences) differences.push(difference);
  };
  const keys = compareKeys(reader, differ);
  let entries = 0;
  let verified = 0;

  while (verified < position) {
    signal.throwIfAborted();
    const stored = await journal.read({ from: verified + 1, limit: Math.min(batchSize, position - verified) });
    const { events, broken } = foldBatch(stored, verified, fold.take);
    const expected = events.flatMap(expectedEntries);
    await compareEntries(reader, expected, differ);
    await keys.compare(keysOf(events));
    entries += expected.length;
    verified += events.length;
    await onProgress(verified);
    const ending = broken ?? (stored.length === 0 ? `The journal ends after position ${String(verified)}.` : undefined);
    if (ending === undefined) continue;
    // What follows proves nothing.
    differ({ what: 'journal', journal: ending, readModel: `is at ${String(position)}` });
    return { is: 'broken_off', reason: ending, verified, differences };
  }
  await compareAccounts(reader, { fold, position, differ, signal });
  await keys.findSurplus(position);
  return { is: 'complete', verified, accounts: fold.count, entries, total: fold.total(), differences };
}

/** Those up to the first that cannot be read or does not go on from what there is, and why. */
function foldBatch(
  stored: readonly JournalEvent[],
  after: number,
  take: (event: Recorded['event']) => void,
): { readonly events: readonly Recorded[]; readonly broken?: string } {
  const events: Recorded[] = [];
  for (const [index, one] of stored.entries()) {
    const at = `Position ${String(after + index + 1)}`;
    if (one.position !== after + index + 1) return { events, broken: `${at} is missing.` };
    const read = readEvent(one);
    if (isUnreadable(read)) return { events, broken: `${at} ${read.reason}.` };
    try {
      take(read.event);
    } catch (error) {
      if (!(error instanceof BrokenHistory)) throw error;
      return { events, broken: `${at}: ${error.message}.` };
    }
    events.push(read);
  }
  return { events };
}

/** Each command's key, at the position of its first event. */
function keysOf(events: readonly Recorded[]): ReadonlyMap<string, number> {
  const keys = new Map<string, number>();
  for (const { position, metadata } of events) {
    const key = commandKey(metadata.commandId);
    if (!keys.has(key)) keys.set(key, position);
  }
  return keys;
}
