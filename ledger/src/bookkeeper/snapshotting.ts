/** When the book is saved for a quicker start: after so many events, between two batches, and at the end. */
import type { LiveBook } from './book.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import type { JournalTail } from './journal-tail.ts';
import type { SnapshotPosition } from './snapshot.ts';

export interface Snapshotting {
  /** True when enough was written since the last snapshot: nothing more is decided until the next was begun. */
  readonly isDue: boolean;
  /** Begins a snapshot; to be called while the book holds exactly what is committed. */
  begin(): void;
  /** Settles when every snapshot that was begun is saved, or could not be. */
  finished(): Promise<unknown>;
  /** Saves what came since the last snapshot; rejects when it cannot be saved. */
  saveLast(): Promise<void>;
}

/** Saves the book, and all that goes with it, as of a position; copied before it returns. */
export type SaveBook = (book: LiveBook, at: SnapshotPosition) => Promise<void>;

type SnapshottingOptions = {
  readonly tail: JournalTail;
  readonly book: LiveBook;
  readonly save: SaveBook;
  readonly limits: Pick<Limits, 'snapshotEvery'>;
  readonly onTrouble: Dependencies['onTrouble'];
};

export function createSnapshotting({ tail, book, save, limits, onTrouble }: SnapshottingOptions): Snapshotting {
  let lastPosition = tail.head;
  let saving: Promise<unknown> = Promise.resolve();
  const at = (): { position: number; eventId: string } => ({ position: tail.head, eventId: tail.lastEventId });
  return {
    get isDue() {
      return tail.head - lastPosition >= limits.snapshotEvery;
    },
    begin() {
      lastPosition = tail.head;
      // The store copies the book's content at once; writing it may take its time, and the next may begin meanwhile.
      const saved = save(book, at());
      saving = Promise.allSettled([saving, saved]);
      saved.catch((error: unknown) => {
        onTrouble?.('the snapshot could not be saved', error);
      });
    },
    finished: () => saving,
    async saveLast() {
      if (tail.head > lastPosition) await save(book, at());
    },
  };
}
