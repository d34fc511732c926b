/** Decides commands into the pending batch, and says how large that batch may grow. */
import type { Journal } from '../journal/journal.ts';
import type { Batch, Waiting } from './batch.ts';
import { decideInto, mostCommandBytes } from './batch.ts';
import type { LiveBook } from './book.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import { firstAnswer } from './first-answer.ts';
import type { JournalTail } from './journal-tail.ts';
import type { OlderKeys } from './key-look-up.ts';
import type { Pipeline } from './pipeline.ts';
import type { RecentKeys } from './recent-keys.ts';
import type { TerminalCash } from './terminal-cash.ts';

export interface Deciding {
  /** True once a command came whose key the read model should have and has not. */
  readonly lacksKeys: boolean;
  /** How many more commands the pending batch takes; 0 when it is full. */
  room(): number;
  /** Decides commands whose keys were looked up; those that find no room go back to the queue. */
  decideAll(commands: readonly Waiting[], older: OlderKeys): void;
}

type DecidingOptions = {
  readonly book: LiveBook;
  readonly cash: TerminalCash;
  readonly keys: RecentKeys;
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly tail: JournalTail;
  readonly dependencies: Pick<Dependencies, 'journal' | 'now' | 'dayOf' | 'newId' | 'macKey' | 'onTrouble'>;
  readonly limits: Pick<Limits, 'batch' | 'cachedKeys'>;
};

/** The journal has the command, so it may not be carried out again; what its first answer was, nobody can tell. */
export const missingKey = 'the read model lacks the key of a command that is in the journal: run `npm run rebuild`';

/** A batch too small to be worth halving: a judgement, not measured. */
const smallBatch = 64;

export function createDeciding({
  book,
  cash,
  keys,
  queue,
  batches,
  tail,
  dependencies,
  limits,
}: DecidingOptions): Deciding {
  const { journal, now, dayOf, newId, macKey, onTrouble } = dependencies;
  let latest = '';
  let lacksKeys = false;

  /** A batch is never divided, so it must not outgrow what the journal takes at once. */
  const takesOneMore = (batch: Batch): boolean => batch.bytes + mostCommandBytes <= journal.largestAppendBytes;

  /**
   * How large the pending batch may grow. Of many that wait only half goes out at once: while it is being written
   * the other half is decided, so that this process and the journal work at the same time. Half is reasoned, not tuned.
   */
  function mostCommands(): number {
    const waiting = queue.length + batches.pending.decided.length;
    const half = Math.ceil((waiting + (batches.writing?.decided.length ?? 0)) / 2);
    return Math.min(limits.batch, Math.max(half, smallBatch));
  }

  /**
   * Now, or the last event's time where the clock says less: no event was recorded before the one it follows. What is on
   * its way to the journal counts, also when it is decided again behind what others wrote.
   */
  function recordingTime(): string {
    for (const time of [now(), tail.lastRecordedAt]) if (time > latest) latest = time;
    return latest;
  }

  return {
    get lacksKeys() {
      return lacksKeys;
    },

    room: () => (takesOneMore(batches.pending) ? Math.max(mostCommands() - batches.pending.decided.length, 0) : 0),

    /**
     * Only here is a cached key forgotten, and only what the look-up had seen: with one look-up at a time, every key is
     * known to the cache or to the look-up at the moment of deciding.
     */
    decideAll(commands, { checkpoint, positions }) {
      const { pending, writing } = batches;
      const recordedAt = recordingTime();
      const day = dayOf(Date.parse(recordedAt));
      const after = tail.head + (writing?.events.length ?? 0);
      for (const [index, command] of commands.entries()) {
        if (!takesOneMore(pending)) {
          queue.putBack(commands.slice(index));
          break;
        }
        const { commandId } = command.submission;
        const position = keys.positionOf(commandId) ?? positions.get(commandId);
        if (position !== undefined) {
          answerAgain(journal, command, position);
        } else if (keys.isForgotten(commandId)) {
          lacksKeys = true;
          onTrouble?.(missingKey);
          command.fail(new Error(missingKey));
        } else if (queue.markInFlight(command)) {
          decideInto(pending, book, command, { cash, after, recordedAt, day, newId, macKey });
        }
      }
      keys.forget({ checkpoint, most: limits.cachedKeys });
    },
  };
}

/** A command that was carried out before is answered from the journal. */
function answerAgain(journal: Journal, { submission, answer, fail, sentIds }: Waiting, position: number): void {
  firstAnswer(journal, submission, position).then(
    (outcome) => {
      if (!outcome.accepted && outcome.declined === undefined) {
        answer(outcome);
        return;
      }
      const first = outcome.accepted ? outcome.recorded[0] : outcome.declined;
      answer(sentIds.includes(first.id) ? { ...outcome, replayed: false } : outcome);
    },
    (error: unknown) => {
      fail(error instanceof Error ? error : new Error(String(error)));
    },
  );
}
