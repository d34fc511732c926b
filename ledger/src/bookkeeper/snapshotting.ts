/** When the book is saved for a quicker start: after so many events, between two batches, and at the end. */
import type { LiveBook } from './book.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import type { JournalTail } from './journal-tail.ts';
import type { SnapshotPosition } from './snapshot.ts';

export interface Snapshotting {
  /** True when enough was written since the last snapshot, and that one is saved: nothing more is decided until the next was begun. */
  readonly isDue: boolean;
  /** Begins a snapshot; to be called while the book holds exactly what is committed. */
  begin(): void;
  /** Waits for the snapshots that were begun, and saves what came since, but not for ever; rejects when it cannot be saved. */
  saveLast(): Promise<void>;
}

/** Saves the book, and all that goes with it, as it is when it is called: as of a position. */
export type SaveBook = (book: LiveBook, at: SnapshotPosition) => Promise<void>;

type SnapshottingOptions = {
  readonly tail: JournalTail;
  readonly book: LiveBook;
  readonly save: SaveBook;
  readonly limits: Pick<Limits, 'snapshotEvery'>;
} & Pick<Dependencies, 'timer' | 'onTrouble'>;

/** A disk that takes longer must not keep the process from ending. A judgement. */
const savedWithinMs = 3_000;

export function createSnapshotting({ tail, book, save, limits, timer, onTrouble }: SnapshottingOptions): Snapshotting {
  let lastPosition = tail.head;
  let saving: Promise<unknown> | undefined;
  const at = (): { position: number; eventId: string } => ({ position: tail.head, eventId: tail.lastEventId });
  return {
    get isDue() {
      return saving === undefined && tail.head - lastPosition >= limits.snapshotEvery;
    },
    begin() {
      lastPosition = tail.head;
      // What the book becomes from here on is no part of it; it may take its time, and then the next waits for it.
      saving = save(book, at())
        .catch((error: unknown) => {
          onTrouble?.('the snapshot could not be saved', error);
        })
        .finally(() => {
          saving = undefined;
        });
    },
    async saveLast() {
      const saved = (saving ?? Promise.resolve()).then(() => (tail.head > lastPosition ? save(book, at()) : undefined));
      const late = Promise.withResolvers<undefined>();
      const cancel = timer(savedWithinMs, () => {
        onTrouble?.('the snapshot was not saved in time');
        late.resolve(undefined);
      });
      await Promise.race([saved, late.promise]).finally(cancel);
    },
  };
}
