/** Verifies the whole bank up to a position: replays the journal with the domain's own fold, compares every column of every table of the read model with it, piece by piece, and the events with the signed log. */
import type pg from 'pg';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { commandKey } from '../../../ledger/src/journal/command-key.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { Vault } from '../../../ledger/src/vault/vault.ts';
import type { AccountFold } from './account-fold.ts';
import { accountFold } from './account-fold.ts';
import { compareAccountEvents } from './compare-account-events.ts';
import { compareAccounts, compareOpenings, expectedOpenings } from './compare-accounts.ts';
import { compareCustomers } from './compare-customers.ts';
import { compareEntries, expectedEntries } from './compare-entries.ts';
import { compareKeys } from './compare-keys.ts';
import type { LogComparison, LogSummary } from './compare-log.ts';
import { compareLog } from './compare-log.ts';
import { compareTotals, dayFold, readTotals } from './compare-totals.ts';
import type { VerificationComparison } from './compare-verifications.ts';
import { compareVerifications } from './compare-verifications.ts';
import type { Differ, Difference } from './difference.ts';
import type { EventHashes, HashEvents } from './event-hashes.ts';
import type { OutsideLog, RememberedLog } from './outside-log.ts';
import { isUnreadable, readEvent } from './read-event.ts';

export type Verified = {
  readonly verified: number;
  /** Those of the log first. */
  readonly differences: readonly Difference[];
  /** Absent where no signer ever worked: then nothing is said of a log. */
  readonly log?: LogSummary;
  /** Of a log in order: for the next verification. */
  readonly seen?: RememberedLog;
} & (
  | { readonly is: 'complete'; readonly accounts: number; readonly entries: number; readonly total: bigint }
  /** The journal ended after `verified`: the read model was compared with what there is. */
  | { readonly is: 'broken_off'; readonly reason: string }
);

const batchSize = 2_000;
/** Enough to see what is wrong; the count of a broken bank helps nobody. */
const mostDifferences = 500;

type Sources = {
  readonly journal: Pick<Journal, 'read'>;
  /** Each statement sees the read model as it is then: no snapshot is held for longer than one. */
  readonly reader: Pick<pg.Pool, 'query'>;
  readonly vault: Pick<Vault, 'openMany'>;
  /** Of every event, once, in their order. */
  readonly hashEvents: HashEvents;
  /** What the log is compared with, beside what the database says of it. */
  readonly outside: OutsideLog;
};

type Progress = { readonly onProgress: (verified: number) => Promise<void>; readonly signal: AbortSignal };

/**
 * Told after each batch how far it is. An event that is missing, damaged or contradicts what came before is a difference, and
 * whatever can be compared without it is. Rejects with the reason of `signal`, or when a store cannot be read. Memory: 30 bytes
 * and a name an account, a name a customer.
 */
export async function verifyBank(sources: Sources, position: number, progress: Progress): Promise<Verified> {
  const { journal, reader, hashEvents } = sources;
  const { onProgress, signal } = progress;
  const fold = accountFold();
  const days = dayFold();
  const differences: Difference[] = [];
  const differ = (difference: Difference): void => {
    if (differences.length < mostDifferences) differences.push(difference);
  };
  const keys = compareKeys(reader, differ);
  const accountEvents = compareAccountEvents(reader, differ);
  const customers = compareCustomers(sources, differ);
  const results = await compareVerifications(reader, differ);
  const log = await compareLog(sources);
  /** What few events lead to: one after the other, on one connection. */
  async function compareRare(events: readonly Recorded[]): Promise<void> {
    await compareOpenings(reader, new Map(events.flatMap(expectedOpenings)), differ);
    await accountEvents.compare(events);
    await customers.compare(events);
  }
  let entries = 0;
  let readable = 0;

  const verified = await walk(
    journal,
    { after: 0, until: position, fold, hashEvents, differ, signal },
    async (events, at, { from, stored, hashing }) => {
      const expected = events.flatMap(expectedEntries);
      const comparing = Promise.all([
        compareEntries(reader, { from, to: at }, expected, differ),
        keys.compare(keysOf(events)),
        compareRare(events),
      ]);
      comparing.catch(() => undefined);
      const { leaves, notOurs } = await hashing;
      for (const one of notOurs) differ({ table: 'journal', key: String(one.position), journal: one.reason });
      await log.take(stored, leaves);
      await comparing;
      readable += events.length;
      days.take(events);
      results.take(events);
      entries += expected.length;
      await onProgress(at);
    },
  );
  const total = fold.total();
  const accounts = fold.count;
  await compareAccounts(reader, { fold, position: verified, differ, signal });
  if (verified < position) {
    const reason = `The journal ends after position ${String(verified)}.`;
    results.end(verified);
    differ({ table: 'journal', key: String(verified + 1), readModel: `is at ${String(position)}` });
    return { is: 'broken_off', reason, verified, ...(await endLog(sources, log, differences, signal)) };
  }
  // Rows of what cannot be read are not too many.
  const unreadable = position - readable;
  await accountEvents.findSurplus(position, unreadable);
  await keys.findSurplus(position, unreadable);
  await customers.findUnknown(signal);
  // Totals are of one moment, later than the position: what was recorded up to it is added to both folds.
  const stored = await readTotals(reader);
  const rest = { after: position, until: stored.position, fold, hashEvents, differ: () => undefined, signal };
  await walk(journal, rest, async (events, _at, batch) => {
    await log.take(batch.stored, (await batch.hashing).leaves);
    days.take(events);
    customers.settleUnknown(events);
    results.take(events);
  });
  customers.reportUnknown();
  compareTotals(stored, fold, days.days, differ);
  await findResults(journal, results, Math.max(position, stored.position), signal);
  results.end(position);
  return { is: 'complete', verified, accounts, entries, total, ...(await endLog(sources, log, differences, signal)) };
}

/** The last result may be in the journal and not yet in the read model. */
async function findResults(
  journal: Pick<Journal, 'read'>,
  results: VerificationComparison,
  after: number,
  signal: AbortSignal,
): Promise<void> {
  for (let at = after; results.lacks;) {
    signal.throwIfAborted();
    const stored = await journal.read({ from: at + 1, limit: batchSize });
    results.take(
      stored.flatMap((one) => {
        const read = readEvent(one);
        return isUnreadable(read) ? [] : [read];
      }),
    );
    at = stored.at(-1)?.position ?? at;
    // Whatever had a result before this began is within what there is.
    if (stored.length < batchSize) return;
  }
}

/** The signer may be ahead of the read model: what it signed is compared to its end. */
async function endLog(
  { journal, hashEvents }: Pick<Sources, 'journal' | 'hashEvents'>,
  log: LogComparison,
  others: readonly Difference[],
  signal: AbortSignal,
): Promise<Pick<Verified, 'differences' | 'log' | 'seen'>> {
  for (let at = log.taken; at < log.wanted;) {
    signal.throwIfAborted();
    const stored = await journal.read({ from: at + 1, limit: Math.min(batchSize, log.wanted - at) });
    await log.take(stored, (await hashEvents(stored)).leaves);
    if (log.taken === at) break;
    at = log.taken;
  }
  const { summary, differences, seen } = await log.end();
  return {
    differences: [...differences, ...others].slice(0, mostDifferences),
    ...(summary !== undefined && { log: summary }),
    ...(seen !== undefined && { seen }),
  };
}

type Walk = {
  readonly after: number;
  readonly until: number;
  readonly fold: AccountFold;
  readonly hashEvents: HashEvents;
  readonly differ: Differ;
  readonly signal: AbortSignal;
};

type Batch = {
  readonly from: number;
  readonly stored: readonly JournalEvent[];
  readonly hashing: Promise<EventHashes>;
};

/** Gives each batch's events that can be read, where it ends, and all as they are stored. Resolves with the last position there is, at most `until`. */
async function walk(
  journal: Pick<Journal, 'read'>,
  { after, until, signal, hashEvents, ...checks }: Walk,
  onBatch: (events: readonly Recorded[], at: number, batch: Batch) => Promise<void>,
): Promise<number> {
  /** Read and hashed, by others, while the batch before is folded and compared. */
  async function next(from: number): Promise<Batch> {
    const all = await journal.read({ from, limit: Math.min(batchSize, until - from + 1) });
    const stored = all.filter(({ position }) => position <= until);
    const hashing = hashEvents(stored);
    hashing.catch(() => undefined);
    return { from, stored, hashing };
  }
  let at = after;
  for (let reading = at < until ? next(at + 1) : undefined; reading !== undefined;) {
    signal.throwIfAborted();
    const batch = await reading;
    // Of what comes after the last one nobody can say that it is missing: it never was.
    const last = batch.stored.at(-1)?.position;
    if (last === undefined) return at;
    reading = last < until ? next(last + 1) : undefined;
    reading?.catch(() => undefined);
    const events = foldBatch(batch.stored, at, checks);
    at = last;
    await onBatch(events, at, batch);
  }
  return at;
}

/** Those that can be read, whether or not they go on from what there is. */
function foldBatch(
  stored: readonly JournalEvent[],
  after: number,
  { fold, differ }: Pick<Walk, 'fold' | 'differ'>,
): readonly Recorded[] {
  const events: Recorded[] = [];
  let expected = after + 1;
  for (const one of stored) {
    const key = String(one.position);
    if (one.position > expected) {
      const last = one.position - 1;
      const missing = last === expected ? String(last) : `${String(expected)} to ${String(last)}`;
      differ({ table: 'journal', key: missing, journal: 'is missing' });
    }
    expected = one.position + 1;
    const read = readEvent(one);
    if (isUnreadable(read)) {
      differ({ table: 'journal', key, journal: read.reason });
      continue;
    }
    for (const broken of fold.take(read.event)) differ({ table: 'journal', key, journal: broken });
    events.push(read);
  }
  return events;
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
