/** Answers at once, while nothing can be written, what was never sent to the journal: those commands certainly were not carried out. */
import type { BookkeeperRejection } from '../domain/rejections.ts';
import type { Waiting } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import { retryMs } from './dependencies.ts';
import type { JournalTail } from './journal-tail.ts';
import type { KeyLookUp } from './key-look-up.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reach } from './reach.ts';

export interface GivingUp {
  /** Why no command is taken just now; undefined when they are. */
  refusal(): BookkeeperRejection | undefined;
  /**
   * Where no command is taken, answers those that wait and were never sent. One that was sent stays: only the journal
   * can tell what became of it.
   */
  giveUp(): void;
}

type GivingUpOptions = {
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly tail: Pick<JournalTail, 'unreadable'>;
  readonly lookUp: KeyLookUp;
  readonly reach: Pick<Reach, 'isCutOff'>;
};

/** The longest wait between two tries. */
const retryAfterSeconds = retryMs.mostMs / 1_000;

export const unavailable: BookkeeperRejection = { code: 'unavailable', retryAfterSeconds };

/** Whether none of its events was ever sent to the journal. */
export const wasNeverSent = ({ sentIds }: Waiting): boolean => sentIds.length === 0;

export function createGivingUp({ queue, batches, tail, lookUp, reach }: GivingUpOptions): GivingUp {
  function refusal(): BookkeeperRejection | undefined {
    if (tail.unreadable !== undefined) {
      const { position, reason } = tail.unreadable;
      return { code: 'event_unreadable', position, reason, retryAfterSeconds };
    }
    return reach.isCutOff ? unavailable : undefined;
  }

  return {
    refusal,
    giveUp() {
      const rejection = refusal();
      if (rejection === undefined) return;
      const decided = batches.takeBackPending();
      for (const { submission } of decided) queue.landed(submission.commandId);
      const waiting = [...decided, ...queue.clear()];
      queue.putBack(waiting.filter((command) => !wasNeverSent(command)));
      for (const { answer } of [...lookUp.remove(wasNeverSent), ...waiting.filter(wasNeverSent)]) {
        answer({ accepted: false, rejection });
      }
    },
  };
}
