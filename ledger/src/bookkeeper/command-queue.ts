/** The commands that wait to be decided, and the keys in flight, so that the same command is never decided twice at once. */
import type { Waiting } from './batch.ts';

export interface CommandQueue {
  /** Commands that wait to be decided; duplicates in flight are not among them. */
  readonly length: number;
  /** All that wait, duplicates too. */
  readonly size: number;
  add(command: Waiting): void;
  /** How many of the oldest fit, one after the other. */
  countWhile(fits: (command: Waiting) => boolean): number;
  /** Takes the oldest, at most so many. */
  take(most: number): Waiting[];
  /** Puts commands before all others, in their order. */
  putBack(commands: readonly Waiting[]): void;
  /**
   * Marks the command's key as in flight. False when it is in flight already, with another command: this one then waits
   * apart, until `putBackDuplicates`.
   */
  markInFlight(command: Waiting): boolean;
  /** The command with this key is settled, or taken back. */
  landed(commandId: string): void;
  /** Puts the duplicates before all others, to be decided now that what they duplicate is settled or taken back. */
  putBackDuplicates(): void;
  /** Empties the queue, duplicates and all. */
  clear(): Waiting[];
}

export function createCommandQueue(): CommandQueue {
  const queue: Waiting[] = [];
  let duplicates: Waiting[] = [];
  const inFlight = new Set<string>();
  return {
    get length() {
      return queue.length;
    },
    get size() {
      return queue.length + duplicates.length;
    },
    add: (command) => void queue.push(command),
    countWhile(fits) {
      const end = queue.findIndex((command) => !fits(command));
      return end === -1 ? queue.length : end;
    },
    take: (most) => queue.splice(0, most),
    putBack: (commands) => void queue.unshift(...commands),
    markInFlight(command) {
      const { commandId } = command.submission;
      if (inFlight.has(commandId)) {
        duplicates.push(command);
        return false;
      }
      inFlight.add(commandId);
      return true;
    },
    landed: (commandId) => void inFlight.delete(commandId),
    putBackDuplicates() {
      if (duplicates.length === 0) return;
      queue.unshift(...duplicates);
      duplicates = [];
    },
    clear: () => [...queue.splice(0), ...duplicates.splice(0)],
  };
}
