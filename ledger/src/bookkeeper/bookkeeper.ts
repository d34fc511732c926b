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
import type { UnreadableEvent } from '../domain/unreadable-event.ts';
import { createGivingUp, unavailable } from './giving-up.ts';
import { createJournalTail } from './journal-tail.ts';
import { createKeyLookUp } from './key-look-up.ts';
import { createPipeline } from './pipeline.ts';
import type { Reach } from './reach.ts';
import { BookkeeperStopped, deadlinesMs } from './reach.ts';
import type { RecentKeys } from './recent-keys.ts';
import { createRecovery } from './recovery.ts';
import type { SaveBook } from './snapshotting.ts';
import { createSnapshotting } from './snapshotting.ts';
import type { Outcome, Submission } from './submission.ts';
import type { TerminalCash } from './terminal-cash.ts';
import { waitingCommand } from './traces.ts';
import { createWorkLoop } from './work-loop.ts';
import { createWritingTurn } from './writing-turn.ts';

export interface Bookkeeper {
  /**
   * Decides, writes and answers; `unavailable` within seconds while nothing can be written. Rejects only when the
   * outcome is unknown (the bookkeeper was stopped, or history is broken): the same command with the same key will tell.
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
  /** True while journal or read model cannot be reached: no command is taken until they can be again. */
  readonly isCutOff: boolean;
  /** The event that cannot be read, while there is one: no command is taken until it is mended. */
  readonly unreadable: UnreadableEvent | undefined;
  /** True once a command came whose key the read model should have and has not: it was not carried out. */
  readonly lacksKeys: boolean;
  /**
   * Reads what others wrote, or finds that it cannot just now; call it now and then, so that an idle server does not
   * fall behind, and learns what can be reached.
   */
  catchUp(): Promise<void>;
  /** Takes no more, finishes what waits or ends it after a few seconds, and saves a snapshot. */
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

/** What comes with the dependencies, whose journal and keys are bounded by it. */
export type Bounds = {
  readonly limits: Limits;
  readonly reach: Reach;
  /** Ends every wait. */
  readonly ending: AbortController;
};

export function startBookkeeper(
  start: Start,
  dependencies: Dependencies,
  bounds: Bounds,
  saveSnapshot: SaveBook,
): Bookkeeper {
  const { limits, reach, ending } = bounds;
  let isStopped = false;
  const parts = assemble(start, dependencies, bounds, saveSnapshot);
  const { queue, batches, tail, lookUp, deciding, recovery, givingUp, snapshots, loop } = parts;
  const { book, keys } = start;

  /** Reading on, and asking how far the read model is where that matters. */
  async function lookAround(): Promise<void> {
    const missed = await tail.readOn();
    if (missed === undefined) givingUp.giveUp();
    if (missed === undefined || (keys.size <= limits.cachedKeys && !reach.isFailing('keys'))) return;
    const checkpoint = await lookUp.checkpoint();
    if (checkpoint !== undefined) keys.forget({ checkpoint, most: limits.cachedKeys });
  }

  return {
    submit(submission) {
      if (isStopped) return Promise.resolve({ accepted: false, rejection: unavailable });
      if (loop.broken !== undefined) return Promise.reject(loop.broken);
      const rejection = givingUp.refusal();
      if (rejection !== undefined) return Promise.resolve({ accepted: false, rejection });
      if (queue.size >= limits.queue || keys.size > limits.cachedKeys + limits.unprojectedKeys) {
        return Promise.resolve({ accepted: false, rejection: { code: 'overloaded', retryAfterSeconds: 1 } });
      }
      return new Promise((answer, fail) => {
        queue.add(waitingCommand(submission, { answer, fail }, dependencies.tracer));
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
      return reach.isCutOff;
    },
    get unreadable() {
      return tail.unreadable;
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
        await recovery.pauseFor(lookAround);
        loop.proceed();
      } catch (error) {
        loop.fail(error);
      }
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      const end = (): void => {
        ending.abort();
      };
      const cancel = dependencies.timer(deadlinesMs.stop, end);
      // Reading what others wrote is waited for by nobody any more.
      if (queue.size === 0 && batches.isEmpty && lookUp.inHand.length === 0) end();
      await loop.ended();
      cancel();
      end();
      if (loop.broken === undefined || loop.broken instanceof BookkeeperStopped) await snapshots.saveLast();
    },
  };
}

/** The bookkeeper's parts; each owns the state that its file names, and changes no other's but by its functions. */
function assemble(start: Start, dependencies: Dependencies, { limits, reach }: Bounds, saveSnapshot: SaveBook) {
  const { book, cash, keys } = start;
  const queue = createCommandQueue();
  const batches = createPipeline();
  const tail = createJournalTail({ from: start, book, cash, keys, dependencies });
  const lookUp = createKeyLookUp({ queue, keys, dependencies, limits });
  const givingUp = createGivingUp({ queue, batches, tail, lookUp, reach });
  const turn = createWritingTurn({ reach, dependencies });
  const shared = { book, cash, keys, queue, batches, tail, lookUp, givingUp, turn, reach, dependencies, limits };
  const deciding = createDeciding(shared);
  const commit = createCommit(shared);
  const recovery = createRecovery({ ...shared, deciding, commit });
  const admission = createAdmission({ queue, lookUp, deciding, recovery, reach });
  const snapshots = createSnapshotting({ ...dependencies, tail, book, save: saveSnapshot, limits });
  const loop = createWorkLoop({ ...shared, admission, commit, recovery, snapshots });
  reach.whenCutOff(() => {
    givingUp.giveUp();
    loop.proceed();
  });
  return { queue, batches, tail, lookUp, deciding, recovery, givingUp, snapshots, loop };
}
