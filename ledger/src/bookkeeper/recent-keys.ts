/** The idempotency keys of the journal's recent tail, known by heart; what is forgotten must be in the read model. */

export interface RecentKeys {
  /** Every key up to and including this position may have been forgotten. */
  readonly forgottenUpTo: number;
  readonly size: number;
  /** The position of the first event of this command, when it is remembered. */
  positionOf(commandId: string): number | undefined;
  remember(commandId: string, position: number): void;
  /** Lets go of the oldest keys beyond `keep`, but of none after `checkpoint`, the position the read model has reached. */
  forget(options: { readonly checkpoint: number; readonly keep: number }): void;
}

export function recentKeys(forgotten: number): RecentKeys {
  // A Map keeps its keys in the order they came: the oldest is always the first.
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
    remember(commandId, position) {
      // A command's later events keep the position of its first.
      if (!positions.has(commandId)) positions.set(commandId, position);
    },
    forget({ checkpoint, keep }) {
      if (positions.size <= keep) return;
      for (const [commandId, position] of positions) {
        if (positions.size <= keep || position > checkpoint) return;
        positions.delete(commandId);
        forgottenUpTo = Math.max(forgottenUpTo, position);
      }
    },
  };
}
