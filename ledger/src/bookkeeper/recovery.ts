/** What happens when others write too, or an append's outcome is unknown: take back, read on, and write under the lock. */
import { isEmpty } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Commit } from './commit.ts';
import type { Deciding } from './deciding.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import { retryMs } from './dependencies.ts';
import type { JournalTail } from './journal-tail.ts';
import type { KeyLookUp } from './key-look-up.ts';
import type { Pipeline } from './pipeline.ts';

export interface Recovery {
  /** While the book is being brought up to date nothing may be decided against it. */
  readonly isPaused: boolean;
  /** After a conflict batches are written one at a time under the writer lock, until nobody else writes any more. */
  readonly needsLock: boolean;
  /**
   * After a conflict or an unknown outcome: takes back what was decided, reads what the journal really holds, and lets
   * the commands wait again. One whose events are there after all is then found by its key, like any other.
   */
  recover(): Promise<void>;
  /** Reads what others wrote, then decides and writes one batch, all under the writer lock. */
  writeUnderLock(): Promise<void>;
  /** Decides nothing while `work` brings the book up to date. */
  pauseFor(work: () => Promise<unknown>): Promise<void>;
}

type RecoveryOptions = {
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly tail: JournalTail;
  readonly lookUp: KeyLookUp;
  readonly deciding: Deciding;
  readonly commit: Commit;
  readonly dependencies: Pick<Dependencies, 'writerLock' | 'sleep' | 'onTrouble'>;
  readonly limits: Pick<Limits, 'batch'>;
};

/**
 * After a conflict, so many batches in a row without anybody else's events end the writing under the lock. A judgement:
 * enough that two servers under load do not leave it between two conflicts, few enough that one alone soon does.
 */
const quietBatches = 8;

export function createRecovery({
  queue,
  batches,
  tail,
  lookUp,
  deciding,
  commit,
  dependencies,
  limits,
}: RecoveryOptions): Recovery {
  const { writerLock, sleep, onTrouble } = dependencies;
  let isPaused = false;
  let quietBatchesLeft = 0;

  async function pauseFor(work: () => Promise<unknown>): Promise<void> {
    isPaused = true;
    await work();
    isPaused = false;
  }

  async function recover(): Promise<void> {
    const commands = batches.takeBack();
    for (const { submission } of commands) queue.landed(submission.commandId);
    queue.putBackDuplicates();
    queue.putBack(commands);
    quietBatchesLeft = quietBatches;
    await pauseFor(tail.readOn);
  }

  /** The journal is read inside the lock, so that nothing is decided in vain. */
  async function writeOne(): Promise<void> {
    const release = await writerLock.acquire().catch((error: unknown) => {
      onTrouble?.('the writer lock could not be had', error);
      return undefined;
    });
    try {
      const missed = await tail.readOn();
      quietBatchesLeft = missed > 0 ? quietBatches : quietBatchesLeft - 1;
      const commands = queue.take(limits.batch);
      const older = await lookUp.find(commands);
      if (older === undefined) {
        queue.putBack(commands);
        await sleep(retryMs.firstMs);
        return;
      }
      deciding.decideAll(commands, older);
      if (isEmpty(batches.pending)) return;
      const batch = batches.startWriting();
      if (await commit.append(batch)) commit.settle(batch);
    } finally {
      await release?.();
    }
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
      await pauseFor(writeOne);
      // The batch that could not be written is still there to be taken back.
      if (batches.writing !== undefined) await recover();
    },
  };
}
