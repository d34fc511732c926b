/** One durable append for a batch, and the answers that wait for it. */
import { BrokenHistory } from '../domain/account.ts';
import type { Batch } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Dependencies } from './dependencies.ts';
import type { JournalTail } from './journal-tail.ts';
import type { Pipeline } from './pipeline.ts';
import { BookkeeperStopped } from './reach.ts';
import type { RecentKeys } from './recent-keys.ts';
import { startAppend } from './traces.ts';

/** Written: the batch is in the journal. Conflict: it is not. Unknown: nobody can tell before the journal is read. */
export type Appended = 'written' | 'conflict' | 'unknown';

export interface Commit {
  /** Rejects with `BrokenHistory` where the journal has become shorter than what was read of it. */
  append(batch: Batch): Promise<Appended>;
  /** The batch is in the journal: moves the head, remembers the keys and answers. */
  settle(batch: Batch): void;
}

type CommitOptions = {
  readonly keys: RecentKeys;
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly tail: JournalTail;
  readonly dependencies: Pick<Dependencies, 'journal' | 'tracer' | 'onBatch' | 'onTrouble'>;
};

export function createCommit({ keys, queue, batches, tail, dependencies }: CommitOptions): Commit {
  const { journal, tracer, onBatch, onTrouble } = dependencies;

  /** Behind a journal that was set back under a server that runs, reading on and trying again would never end. */
  function conflict(head: number): 'conflict' {
    if (head >= tail.head) return 'conflict';
    throw new BrokenHistory(
      `the journal ends at ${String(head)}, but was read up to ${String(tail.head)}: it was set back`,
    );
  }

  async function write(batch: Batch): Promise<Appended> {
    try {
      // Rejections, too, are only true of the head they were decided at.
      if (batch.events.length === 0) {
        const head = await journal.head();
        return head === tail.head ? 'written' : conflict(head);
      }
      for (const { waiting, recorded } of batch.decided) {
        const [first] = recorded;
        if (first !== undefined) waiting.sentIds.push(first.id);
      }
      const { appended, head } = await journal.append(batch.events, { after: tail.head });
      return appended ? 'written' : conflict(head);
    } catch (error) {
      if (error instanceof BookkeeperStopped || error instanceof BrokenHistory) throw error;
      onTrouble?.('an append has an unknown outcome', error);
      return 'unknown';
    }
  }

  return {
    async append(batch) {
      const span = startAppend(tracer, batch);
      const appended = await write(batch);
      span?.end({ 'grand_livre.append': appended }, appended === 'unknown');
      return appended;
    },

    settle(batch) {
      batches.finishWriting();
      tail.advance(batch);
      for (const { waiting, outcome, recorded } of batch.decided) {
        const { commandId } = waiting.submission;
        const [first] = recorded;
        queue.landed(commandId);
        if (first !== undefined) keys.remember(commandId, first.position);
        waiting.answer(outcome);
      }
      queue.putBackDuplicates();
      onBatch?.({ events: batch.events.length, commands: batch.decided.length });
    },
  };
}
