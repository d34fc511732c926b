/** What happens when others write too, or an append's outcome is unknown: take back, read on, and write under the lock. */
import { backOff } from '../back-off.ts';
import { isEmpty } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Appended, Commit } from './commit.ts';
import type { Deciding } from './deciding.ts';
import type { Limits } from './dependencies.ts';
import { retryMs } from './dependencies.ts';
import type { GivingUp } from './giving-up.ts';
import { wasNeverSent } from './giving-up.ts';
import type { JournalTail } from './journal-tail.ts';
import type { KeyLookUp } from './key-look-up.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reach } from './reach.ts';
import type { WritingTurn } from './writing-turn.ts';

export interface Recovery {
  /** While the book is being brought up to date nothing may be decided against it. */
  readonly isPaused: boolean;
  /** After a conflict batches are written one at a time under the writer lock, until nobody else writes any more. */
  readonly needsLock: boolean;
  /**
   * After a conflict or an unknown outcome: takes back what was decided, reads what the journal really holds, and lets
   * the commands wait again. One whose events are there after all is then found by its key, like any other.
   */
  recover(after: Exclude<Appended, 'written'>): Promise<void>;
  /** Reads what others wrote, then decides and writes one batch, all under the writer lock. */
  writeUnderLock(): Promise<void>;
  /** Decides nothing while `work` brings the book up to date. */
  pauseFor<T>(work: () => Promise<T>): Promise<T>;
}

type RecoveryOptions = {
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly tail: JournalTail;
  readonly lookUp: KeyLookUp;
  readonly deciding: Deciding;
  readonly commit: Commit;
  readonly turn: WritingTurn;
  readonly givingUp: GivingUp;
  readonly reach: Pick<Reach, 'pause' | 'isFailing'>;
  readonly limits: Pick<Limits, 'batch'>;
};

/**
 * After a conflict, so many batches in a row without anybody else's events end the writing under the lock. A judgement:
 * enough that two servers under load do not leave it between two conflicts, few enough that one alone soon does.
 */
const quietBatches = 8;

const waitMs = backOff(retryMs);

export function createRecovery({
  queue,
  batches,
  tail,
  lookUp,
  deciding,
  commit,
  turn,
  givingUp,
  reach,
  limits,
}: RecoveryOptions): Recovery {
  let isPaused = false;
  let quietBatchesLeft = 0;
  /** Appends in a row that nobody can tell the outcome of. */
  let unknownAppends = 0;

  async function pauseFor<T>(work: () => Promise<T>): Promise<T> {
    isPaused = true;
    const result = await work();
    isPaused = false;
    return result;
  }

  /** However long the journal cannot be read; nobody else waits for it, since the writer lock is not held meanwhile. */
  async function readOn(): Promise<void> {
    for (let failures = 0; (await tail.readOn()) === undefined; failures += 1) {
      givingUp.giveUp();
      await reach.pause(waitMs(failures));
    }
  }

  async function recover(after: Exclude<Appended, 'written'>): Promise<void> {
    const commands = batches.takeBack();
    for (const { submission } of commands) queue.landed(submission.commandId);
    queue.putBackDuplicates();
    queue.putBack(commands);
    quietBatchesLeft = quietBatches;
    unknownAppends = after === 'unknown' ? unknownAppends + 1 : 0;
    await pauseFor(async () => {
      await readOn();
      if (unknownAppends > 0) await reach.pause(waitMs(unknownAppends - 1));
    });
  }

  /** The journal is read inside the lock, so that nothing is decided in vain. Gives why nothing was written, where that is so. */
  async function writeOne(): Promise<'unreadable' | 'unknown keys' | Appended> {
    const missed = await tail.readOn();
    if (missed === undefined) return 'unreadable';
    if (missed > 0) quietBatchesLeft = quietBatches;
    // Until an append is known to have arrived, nothing new is sent: what was not can still be given up.
    const sent = reach.isFailing('appends') ? queue.countWhile((command) => !wasNeverSent(command)) : 0;
    const found = await lookUp.take(sent > 0 ? sent : limits.batch);
    if (found === undefined) return 'unknown keys';
    deciding.decideAll(found.commands, found.older);
    if (!isEmpty(batches.pending)) {
      const batch = batches.startWriting();
      const appended = await commit.append(batch);
      if (appended !== 'written') return appended;
      commit.settle(batch);
      unknownAppends = 0;
    }
    // Only what was written counts: what was sent before is settled under the lock, however often a look-up fails.
    if (missed === 0) quietBatchesLeft -= 1;
    return 'written';
  }

  return {
    get isPaused() {
      return isPaused;
    },
    get needsLock() {
      return quietBatchesLeft > 0;
    },
    recover,
    pauseFor,
    async writeUnderLock() {
      const written = await pauseFor(async () => {
        const outcome = await turn.take(writeOne);
        if (outcome === 'unreadable') await readOn();
        if (outcome === 'unknown keys') await reach.pause(lookUp.waitMs);
        return outcome;
      });
      // The batch that could not be written is still there to be taken back.
      if (written === 'conflict' || written === 'unknown') await recover(written);
    },
  };
}
