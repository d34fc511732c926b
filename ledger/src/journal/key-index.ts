/** The port to the idempotency keys of the whole journal's past: the journal's own, or the read model's where it has none. */

import type { GivenUp } from './given-up.ts';

export interface KeyIndex {
  /**
   * Finds which of these command ids have been seen, in one look-up for a whole batch.
   * `checkpoint` is the position up to which the answer is complete (read in the same snapshot);
   * `positions` gives the position of the first event of each command id that was found.
   */
  lookUp(
    commandIds: readonly string[],
    options?: GivenUp,
  ): Promise<{
    readonly checkpoint: number;
    readonly positions: ReadonlyMap<string, number>;
  }>;
}
