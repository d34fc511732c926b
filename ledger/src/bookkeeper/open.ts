/** Opens a bookkeeper: the latest snapshot of the book, then the journal's tail, then the keys the read model lacks. */
import { BrokenHistory } from '../domain/account.ts';
import { decode } from '../domain/codec.ts';
import { liveBook } from './book.ts';
import type { Bookkeeper, Start } from './bookkeeper.ts';
import { startBookkeeper } from './bookkeeper.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import { defaultLimits } from './dependencies.ts';
import { readLimit } from './journal-tail.ts';
import { createReach } from './reach.ts';
import { recentKeys } from './recent-keys.ts';
import type { SeenKeys } from './seen-keys.ts';
import { seenKeys } from './seen-keys.ts';
import type { SnapshotStore } from './snapshot.ts';
import type { Snapshot, Unusable } from './snapshot-file.ts';
import { terminalCash } from './terminal-cash.ts';

export type OpenOptions = Dependencies & {
  readonly snapshots: SnapshotStore;
  readonly limits?: Partial<Limits>;
  /** Called with how far the reading has come, and how far it has to go. */
  readonly onProgress?: (position: number, head: number) => void;
};

type ReadStart = Start & { readonly seen?: SeenKeys };

/** With the time at which the event at its position was recorded. */
type FittingSnapshot = Snapshot & { readonly recordedAt: string };

/** Throws `UnreadableEvent` at one that cannot be read, and `BrokenHistory` when the journal contradicts itself even when read from its first event. */
export async function openBookkeeper({ snapshots, limits, onProgress, ...outside }: OpenOptions): Promise<Bookkeeper> {
  const ending = new AbortController();
  const reach = createReach({ timer: outside.timer, ended: ending.signal });
  const [journal, keys] = [reach.boundedJournal(outside.journal), reach.boundedKeys(outside.keys)];
  const { dayOf, cashLimits, onTrouble } = outside;
  const remembersAllKeys = journal.keys === undefined;
  const { checkpoint } = await keys.lookUp([]);
  const end = await journal.head();
  if (checkpoint > end) {
    throw new BrokenHistory(
      `the read model is at ${String(checkpoint)}, beyond the journal's end at ${String(end)}: it was built from another journal`,
    );
  }
  const snapshot = await fitting(await snapshots.load());
  let start: ReadStart;
  try {
    start = await readTail(snapshot);
  } catch (error) {
    if (snapshot === undefined || !(error instanceof BrokenHistory)) throw error;
    onTrouble?.('the snapshot does not fit the journal and is set aside', error);
    start = await readTail(undefined);
  }
  const bounds = { limits: { ...defaultLimits, ...limits }, reach, ending };
  return startBookkeeper(start, { ...outside, journal, keys }, bounds, (book, at) => snapshots.save(book, at, start));

  /** A snapshot of another journal, or of one that was longer than this, is no use. */
  async function fitting(found: Snapshot | Unusable | undefined): Promise<FittingSnapshot | undefined> {
    if (found === undefined) return undefined;
    if ('unusable' in found) {
      onTrouble?.(`the snapshot cannot be used and is set aside: ${found.unusable}`);
      return undefined;
    }
    if (remembersAllKeys && found.seen === undefined) return undefined;
    const [event] = await journal.readAt([found.position]);
    if (event?.id === found.eventId) return { ...found, recordedAt: decode(event).metadata.recordedAt };
    onTrouble?.('the snapshot is of another journal and is set aside');
    return undefined;
  }

  async function readTail(from: FittingSnapshot | undefined): Promise<ReadStart> {
    const book = liveBook(from?.columns);
    const cash = terminalCash({ dayOf, limits: cashLimits, from: from?.cash });
    const seen = remembersAllKeys ? seenKeys(from?.seen) : undefined;
    const recent = recentKeys(checkpoint, seen);
    let head = Math.min(from?.position ?? 0, checkpoint);
    let lastEventId = from?.eventId ?? '';
    let lastRecordedAt = from?.recordedAt ?? '';
    for (;;) {
      const events = await journal.read({ from: head + 1, limit: readLimit });
      for (const stored of events) {
        const { position, id, event, metadata } = decode(stored);
        if (position > (from?.position ?? 0)) {
          book.apply(event);
          cash.apply(event, metadata.recordedAt);
          seen?.add(metadata.commandId);
        }
        if (position > checkpoint) recent.remember(metadata.commandId, position);
        head = position;
        lastEventId = id;
        lastRecordedAt = metadata.recordedAt;
      }
      onProgress?.(head, Math.max(end, head));
      if (events.length < readLimit)
        return { book, cash, keys: recent, head, lastEventId, lastRecordedAt, ...(seen && { seen }) };
    }
  }
}
