/** The bookkeeper: decides commands in batches against the book in memory and answers each after its batch's one durable append. */
import type { AccountState } from '../domain/account.ts';
import type { Book } from '../domain/decide.ts';
import type { AccountId } from '../domain/events.ts';
import { createAdmission } from './admission.ts';
import type { LiveBook } from './book.ts';
import { createCommandQueue } from './command-queue.ts';
import { createCommit } from './commit.ts';
import { createDeciding } from './deciding.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import type { RecordedCommand } from './find-recorded.ts';
import { findRecorded } from './find-recorded.ts';
import { createJournalTail } from './journal-tail.ts';
import { createKeyLookUp } from './key-look-up.ts';
import { createPipeline } from './pipeline.ts';
import type { RecentKeys } from './recent-keys.ts';
import { createRecovery } from './recovery.ts';
import type { SaveBook } from './snapshotting.ts';
import { createSnapshotting } from './snapshotting.ts';
import type { Outcome, Submission } from './submission.ts';
import type { TerminalCash } from './terminal-cash.ts';
import { createWorkLoop } from './work-loop.ts';

export interface Bookkeeper {
  /**
   * Decides, writes and answers. Rejects only when the outcome is unknown (the bookkeeper was stopped, or history is
   * broken): the same command with the same key will tell.
   */
  submit(submission: Submission): Promise<Outcome>;
  /**
   * Which of these command ids are in the journal already, complete up to its head at the moment of asking; commands
   * still in flight are not. Rejects when the journal or the read model cannot be read (nothing is tried again), when
   * the read model is behind what the bookkeeper relies on it for, and when a key leads to another command.
   */
  findRecorded(commandIds: readonly string[]): Promise<ReadonlyMap<string, RecordedCommand>>;
  /** The book as it will be once everything in flight is committed: fit to preview a decision, not to answer from. */
  readonly book: Book;
  account(account: AccountId): AccountState | undefined;
  readonly accountCount: number;
  /** The last position this bookkeeper knows to be in the journal. */
  readonly head: number;
  /** When the event there was recorded, in ISO 8601; empty when the journal is. */
  readonly lastRecordedAt: string;
  /** Commands that wait to be decided. */
  readonly queueLength: number;
  /** True while the journal cannot be read: what waits goes on when it can be again. */
  readonly isCutOff: boolean;
  /** True once a command came whose key the read model should have and has not: it was not carried out. */
  readonly lacksKeys: boolean;
  /** Reads what others wrote; call it now and then, so that an idle server does not fall behind. */
  catchUp(): Promise<void>;
  /** Finishes what waits, saves a snapshot, and takes no more. */
  stop(): Promise<void>;
}

/** What a bookkeeper starts from: a book, the day's cash and the keys, all as of `head`. */
export type Start = {
  readonly book: LiveBook;
  readonly cash: TerminalCash;
  readonly keys: RecentKeys;
  readonly head: number;
  readonly lastEventId: string;
  readonly lastRecordedAt: string;
};

export function startBookkeeper(
  start: Start,
  dependencies: Dependencies,
  limits: Limits,
  saveSnapshot: SaveBook,
): Bookkeeper {
  let isStopped = false;
  const { queue, tail, lookUp, deciding, recovery, snapshots, loop } = assemble(start, dependencies, limits, {
    saveSnapshot,
    isStopped: () => isStopped,
  });
  const { book, keys } = start;
  return {
    submit(submission) {
      if (loop.broken !== undefined) return Promise.reject(loop.broken);
      if (isStopped) return Promise.reject(new Error('the bookkeeper has stopped'));
      if (queue.size >= limits.queue || keys.size > limits.cachedKeys + limits.unprojectedKeys) {
        return Promise.resolve({ accepted: false, rejection: { code: 'overloaded', retryAfterSeconds: 1 } });
      }
      return new Promise((answer, fail) => {
        queue.add({ submission, answer, fail, sentIds: [] });
        loop.wake();
      });
    },
    findRecorded: (commandIds) =>
      findRecorded({ journal: dependencies.journal, keys: dependencies.keys, recent: keys, tail }, commandIds),
    book,
    account: (account) => book.account(account),
    get accountCount() {
      return book.accountCount;
    },
    get head() {
      return tail.head;
    },
    get lastRecordedAt() {
      return tail.lastRecordedAt;
    },
    get isCutOff() {
      return tail.isCutOff;
    },
    get lacksKeys() {
      return deciding.lacksKeys;
    },
    get queueLength() {
      return queue.length;
    },
    async catchUp() {
      if (!loop.isIdle || isStopped || loop.broken !== undefined) return;
      try {
        await recovery.pauseFor(async () => {
          await tail.readOn();
          const older = keys.size > limits.cachedKeys ? await lookUp.find([]) : undefined;
          if (older !== undefined) keys.forget({ checkpoint: older.checkpoint, most: limits.cachedKeys });
        });
        loop.proceed();
      } catch (error) {
        loop.fail(error);
      }
    },
    async stop() {
      isStopped = true;
      await loop.ended();
      await snapshots.finished();
      if (loop.broken === undefined) await snapshots.saveLast();
    },
  };
}

/** The bookkeeper's parts; each owns the state that its file names, and changes no other's but by its functions. */
function assemble(
  start: Start,
  dependencies: Dependencies,
  limits: Limits,
  { saveSnapshot, isStopped }: { readonly saveSnapshot: SaveBook; readonly isStopped: () => boolean },
) {
  const { book, cash, keys } = start;
  const { sleep, onTrouble } = dependencies;
  const queue = createCommandQueue();
  const batches = createPipeline();
  const tail = createJournalTail({ from: start, book, cash, keys, dependencies, isStopped });
  const lookUp = createKeyLookUp(keys, dependencies, limits);
  const shared = { book, cash, keys, queue, batches, tail, lookUp, dependencies, limits };
  const deciding = createDeciding(shared);
  const commit = createCommit(shared);
  const recovery = createRecovery({ ...shared, deciding, commit });
  const admission = createAdmission({ queue, lookUp, deciding, recovery, sleep });
  const snapshots = createSnapshotting({ tail, book, save: saveSnapshot, limits, onTrouble });
  const loop = createWorkLoop({ ...shared, admission, commit, recovery, snapshots });
  return { queue, tail, lookUp, deciding, recovery, snapshots, loop };
}
