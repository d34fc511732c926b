/** Opens a bookkeeper: the latest snapshot of the book, then the journal's tail, then the keys the read model lacks. */
import { BrokenHistory } from '../domain/account.ts';
import { decode } from '../domain/codec.ts';
import type { Bookkeeper, Limits, Start, Surroundings } from './bookkeeper.ts';
import { defaultLimits, startBookkeeper } from './bookkeeper.ts';
import { liveBook } from './book.ts';
import { recentKeys } from './recent-keys.ts';
import type { Snapshot, SnapshotStore } from './snapshot.ts';

const readLimit = 2_000;

export type OpenOptions = Surroundings & {
  readonly snapshots: SnapshotStore;
  readonly limits?: Partial<Limits>;
  /** Told how far the reading has come, and how far it has to go. */
  readonly onProgress?: (position: number, head: number) => void;
};

/** Throws `BrokenHistory` when the journal contradicts itself even when read from its first event. */
export async function openBookkeeper({
  snapshots,
  limits,
  onProgress,
  ...surroundings
}: OpenOptions): Promise<Bookkeeper> {
  const { journal, keys, onTrouble } = surroundings;
  const { checkpoint } = await keys.lookUp([]);
  const end = await journal.head();
  if (checkpoint > end) {
    throw new BrokenHistory(
      `the read model stands at ${String(checkpoint)}, beyond the journal's end at ${String(end)}: it was built from another journal`,
    );
  }
  const snapshot = await usable(await snapshots.load());
  let start: Start;
  try {
    start = await readTail(snapshot);
  } catch (error) {
    if (snapshot === undefined || !(error instanceof BrokenHistory)) throw error;
    onTrouble?.('the snapshot does not fit the journal and is set aside', error);
    start = await readTail(undefined);
  }
  return startBookkeeper(start, surroundings, { ...defaultLimits, ...limits }, (book, at) => snapshots.save(book, at));

  /** A snapshot of another journal, or of one that was longer than this, is no use. */
  async function usable(found: Snapshot | undefined): Promise<Snapshot | undefined> {
    if (found === undefined) return undefined;
    const [event] = await journal.readAt([found.position]);
    if (event?.id === found.eventId) return found;
    onTrouble?.('the snapshot is of another journal and is set aside');
    return undefined;
  }

  async function readTail(from: Snapshot | undefined): Promise<Start> {
    const book = liveBook(from?.columns);
    const recent = recentKeys(checkpoint);
    let head = Math.min(from?.position ?? 0, checkpoint);
    let lastEventId = from?.eventId ?? '';
    for (;;) {
      const events = await journal.read({ from: head + 1, limit: readLimit });
      for (const stored of events) {
        const { position, id, event, metadata } = decode(stored);
        if (position > (from?.position ?? 0)) book.apply(event);
        if (position > checkpoint) recent.remember(metadata.commandId, position);
        head = position;
        lastEventId = id;
      }
      onProgress?.(head, Math.max(end, head));
      if (events.length < readLimit) return { book, keys: recent, head, lastEventId };
    }
  }
}
