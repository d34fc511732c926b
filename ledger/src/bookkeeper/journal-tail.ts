/** How far the book has followed the journal: the head it knows, and reading on from there what others wrote. */
import { decode } from '../domain/codec.ts';
import type { Recorded } from '../domain/events.ts';
import type { Batch } from './batch.ts';
import type { LiveBook } from './book.ts';
import { UnreadableEvent } from '../domain/unreadable-event.ts';
import type { JournalEvent } from '../journal/journal.ts';
import type { Dependencies } from './dependencies.ts';
import { BookkeeperStopped } from './reach.ts';
import type { RecentKeys } from './recent-keys.ts';
import type { TerminalCash } from './terminal-cash.ts';

export interface JournalTail {
  /** The last position known to be in the journal. */
  readonly head: number;
  /** The id of the event there; empty when the journal is. */
  readonly lastEventId: string;
  /** When that event was recorded; empty when the journal is. */
  readonly lastRecordedAt: string;
  /** The event after the head, while it cannot be read. */
  readonly unreadable: UnreadableEvent | undefined;
  /** A batch, which the book holds already, is in the journal. */
  advance(batch: Batch): void;
  /**
   * Reads on to the journal's end and gives how many events there were; undefined when it could not be read that far.
   * Rejects when history contradicts itself, and when the bookkeeper ends.
   */
  readonly readOn: () => Promise<number | undefined>;
}

type TailOptions = {
  readonly from: Pick<JournalTail, 'head' | 'lastEventId' | 'lastRecordedAt'>;
  readonly book: LiveBook;
  readonly cash: TerminalCash;
  readonly keys: RecentKeys;
  readonly dependencies: Pick<Dependencies, 'journal' | 'onTrouble'>;
};

/** Events in one read: a judgement. */
export const readLimit = 2_000;

export function createJournalTail({ from, book, cash, keys, dependencies }: TailOptions): JournalTail {
  const { journal, onTrouble } = dependencies;
  let { head, lastEventId, lastRecordedAt } = from;
  let unreadable: UnreadableEvent | undefined;

  /** False where it came to an event that cannot be read: the book is as of the one before. */
  function take(events: readonly JournalEvent[]): boolean {
    for (const stored of events) {
      const recorded = readable(stored);
      if (recorded === undefined) return false;
      const { event, metadata, position, id } = recorded;
      book.apply(event);
      cash.apply(event, metadata.recordedAt);
      keys.remember(metadata.commandId, position);
      head = position;
      lastEventId = id;
      lastRecordedAt = metadata.recordedAt;
    }
    unreadable = undefined;
    return true;
  }

  function readable(stored: JournalEvent): Recorded | undefined {
    try {
      return decode(stored);
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      if (unreadable?.message !== error.message) onTrouble?.('an event of the journal cannot be read', error);
      unreadable = error;
      return undefined;
    }
  }

  async function readOn(): Promise<number | undefined> {
    for (let missed = 0; ;) {
      const events = await journal.read({ from: head + 1, limit: readLimit }).catch((error: unknown) => {
        if (error instanceof BookkeeperStopped) throw error;
        onTrouble?.('the journal cannot be read', error);
        return undefined;
      });
      if (events === undefined || !take(events)) return undefined;
      missed += events.length;
      if (events.length < readLimit) return missed;
    }
  }

  return {
    get head() {
      return head;
    },
    get lastEventId() {
      return lastEventId;
    },
    get lastRecordedAt() {
      return lastRecordedAt;
    },
    get unreadable() {
      return unreadable;
    },
    advance(batch) {
      head += batch.events.length;
      lastEventId = batch.events.at(-1)?.id ?? lastEventId;
      lastRecordedAt = batch.recordedAt ?? lastRecordedAt;
    },
    readOn,
  };
}
