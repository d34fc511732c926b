/** The idempotency keys of the journal's recent tail, cached; what is forgotten must be in the read model. */
import type { SeenKeys } from './seen-keys.ts';

export interface RecentKeys {
  /** Every key up to and including this position may have been forgotten. */
  readonly forgottenUpTo: number;
  readonly size: number;
  /** The position of the first event of this command, when it is cached. */
  positionOf(commandId: string): number | undefined;
  /** Whether the journal has the command although it is not cached; false where the journal finds its commands itself. */
  isForgotten(commandId: string): boolean;
  remember(commandId: string, position: number): void;
  /** Forgets the oldest keys beyond `most`, but none after `checkpoint`, the position the read model has reached. */
  forget(options: { readonly checkpoint: number; readonly most: number }): void;
}

/** `seen` holds every key up to `forgotten`, and is told of every one that comes. */
export function recentKeys(forgotten: number, seen?: SeenKeys): RecentKeys {
  // A Map lists its keys in the order they came: the oldest is always the first.
  const positions = new Map<string, number>();
  let forgottenUpTo = forgotten;
  return {
    get forgottenUpTo() {
      return forgottenUpTo;
    },
    get size() {
      return positions.size;
    },
    positionOf: (commandId) => positions.get(commandId),
    isForgotten: (commandId) => !positions.has(commandId) && seen?.has(commandId) === true,
    remember(commandId, position) {
      // A command's later events leave the position of its first.
      if (positions.has(commandId)) return;
      positions.set(commandId, position);
      seen?.add(commandId);
    },
    forget({ checkpoint, most }) {
      if (positions.size <= most) return;
      for (const [commandId, position] of positions) {
        if (positions.size <= most || position > checkpoint) return;
        positions.delete(commandId);
        forgottenUpTo = Math.max(forgottenUpTo, position);
      }
    },
  };
}
