/** The two batches on their way: one is being decided while the one before it is being written. */
import type { Batch, Waiting } from './batch.ts';
import { emptyBatch, isEmpty, undo } from './batch.ts';

export interface Pipeline {
  /** Decided and not sent yet. */
  readonly pending: Batch;
  /** Being written, or written with an unknown outcome. */
  readonly writing: Batch | undefined;
  readonly isEmpty: boolean;
  /** Those of both batches, in their order. */
  commands(): Waiting[];
  /** Moves the pending batch to `writing`, which must be free, and begins an empty one. */
  startWriting(): Batch;
  /** The batch being written is in the journal. */
  finishWriting(): void;
  /** Takes both batches' events back out of the book and gives their commands, in their order. */
  takeBack(): Waiting[];
  /** The same for the pending batch alone, while the other is being written. */
  takeBackPending(): Waiting[];
}

export function createPipeline(): Pipeline {
  let pending = emptyBatch();
  let writing: Batch | undefined;

  function takeBackPending(): Waiting[] {
    const batch = pending;
    undo(batch);
    pending = emptyBatch();
    return commandsOf(batch);
  }

  return {
    get pending() {
      return pending;
    },
    get writing() {
      return writing;
    },
    get isEmpty() {
      return writing === undefined && isEmpty(pending);
    },
    commands: () => [...(writing === undefined ? [] : commandsOf(writing)), ...commandsOf(pending)],
    startWriting() {
      const batch = pending;
      pending = emptyBatch();
      writing = batch;
      return batch;
    },
    finishWriting() {
      writing = undefined;
    },
    takeBack() {
      // The latest first.
      const later = takeBackPending();
      if (writing === undefined) return later;
      const batch = writing;
      undo(batch);
      writing = undefined;
      return [...commandsOf(batch), ...later];
    },
    takeBackPending,
  };
}

const commandsOf = (batch: Batch): Waiting[] => batch.decided.map(({ waiting }) => waiting);
