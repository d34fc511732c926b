/** The journal port: one stream of events at gapless positions 1, 2, 3 …, to which events are only ever added. */
import type { StoredEvent } from '../domain/codec.ts';
import type { GivenUp } from './given-up.ts';
import type { KeyIndex } from './key-index.ts';

export type JournalEvent = StoredEvent & { readonly position: number };

export type AppendResult =
  | { readonly appended: true; readonly head: number }
  /** Somebody else wrote: nothing was appended, and `head` is where the journal is now. */
  | { readonly appended: false; readonly head: number };

/** What following a journal gives: the next events in order, or the mark that there were no more just now. */
export type FollowStep = { readonly events: readonly JournalEvent[] } | { readonly caughtUpAt: number };

export interface Journal {
  /** How much one append takes: its events' data and metadata together, in bytes of UTF-8. It may become less. */
  readonly largestAppendBytes: number;
  /**
   * Where the journal finds commands by their keys itself, and takes no second event of one type under one key: such an
   * append counts as a conflict. Without it the read model keeps the keys.
   */
  readonly keys?: KeyIndex;
  /** The last position, 0 when empty. */
  head(options?: GivenUp): Promise<number>;
  /**
   * Writes all or none at positions `after + 1` …, durably, only if the head is still `after`.
   * A promise that rejects leaves the outcome unknown: read from `after + 1` to find out.
   */
  append(events: readonly StoredEvent[], options: { readonly after: number } & GivenUp): Promise<AppendResult>;
  /** At most `limit` events from position `from` on: upwards, or downwards with `backward`. */
  read(
    options: {
      readonly from: number;
      readonly limit: number;
      readonly direction?: 'forward' | 'backward';
    } & GivenUp,
  ): Promise<readonly JournalEvent[]>;
  /** The events at these positions, in the order of the positions; those that do not exist are left out. */
  readAt(positions: readonly number[], options?: GivenUp): Promise<readonly JournalEvent[]>;
  /** Every event after `after`, once, in order, for ever, until `signal` aborts (then it ends without an error). */
  follow(options: { readonly after: number; readonly signal: AbortSignal }): AsyncIterable<FollowStep>;
  close(): Promise<void>;
}
