/** How far the book has followed the journal: the head it knows, and reading on from there what others wrote. */
import { backOff } from '../back-off.ts';
import { decode } from '../domain/codec.ts';
import type { Batch } from './batch.ts';
import type { LiveBook } from './book.ts';
import type { Dependencies } from './dependencies.ts';
import { retryMs } from './dependencies.ts';
import type { RecentKeys } from './recent-keys.ts';
import type { TerminalCash } from './terminal-cash.ts';

export interface JournalTail {
  /** The last position known to be in the journal. */
  readonly head: number;
  /** The id of the event there; empty when the journal is. */
  readonly lastEventId: string;
  /** When that event was recorded; empty when the journal is. */
  readonly lastRecordedAt: string;
  /** True while the journal cannot be read. */
  readonly isCutOff: boolean;
  /** A batch, which the book holds already, is in the journal. */
  advance(batch: Batch): void;
  /**
   * Reads on to the journal's end, however long the journal cannot be reached; gives how many events there were.
   * Rejects when history contradicts itself, and when the journal cannot be read after the bookkeeper was told to stop.
   */
  readonly readOn: () => Promise<number>;
}

type TailOptions = {
  readonly from: Pick<JournalTail, 'head' | 'lastEventId' | 'lastRecordedAt'>;
  readonly book: LiveBook;
  readonly cash: TerminalCash;
  readonly keys: RecentKeys;
  readonly dependencies: Pick<Dependencies, 'journal' | 'sleep' | 'onTrouble'>;
  readonly isStopped: () => boolean;
};

/** Events in one read: a judgement. */
export const readLimit = 2_000;
const waitMs = backOff(retryMs);

export function createJournalTail({ from, book, cash, keys, dependencies, isStopped }: TailOptions): JournalTail {
  const { journal, sleep, onTrouble } = dependencies;
  let { head, lastEventId, lastRecordedAt } = from;
  let isCutOff = false;

  async function readOn(): Promise<number> {
    let missed = 0;
    for (let failures = 0; ; failures++) {
      try {
        for (;;) {
          const events = await journal.read({ from: head + 1, limit: readLimit });
          for (const stored of events) {
            const { event, metadata, position, id } = decode(stored);
            book.apply(event);
            cash.apply(event, metadata.recordedAt);
            keys.remember(metadata.commandId, position);
            head = position;
            lastEventId = id;
            lastRecordedAt = metadata.recordedAt;
          }
          missed += events.length;
          isCutOff = false;
          if (events.length < readLimit) return missed;
        }
      } catch (error) {
        if (isBug(error) || isStopped()) throw error;
        isCutOff = true;
        onTrouble?.('the journal cannot be read', error);
        await sleep(waitMs(failures));
      }
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
    get isCutOff() {
      return isCutOff;
    },
    advance(batch) {
      head += batch.events.length;
      lastEventId = batch.events.at(-1)?.id ?? lastEventId;
      lastRecordedAt = batch.recordedAt ?? lastRecordedAt;
    },
    readOn,
  };
}

/** Broken history and unknown events do not mend themselves by trying again. */
const isBug = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'BrokenHistory' || error.name === 'UnknownEvent');
