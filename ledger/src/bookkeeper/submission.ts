/** What goes into the bookkeeper and what comes out: a command with its key, and its outcome. */
import type { Command } from '../domain/commands.ts';
import type { Recorded } from '../domain/events.ts';
import type { Rejection } from '../domain/rejections.ts';

export type Submission = {
  readonly command: Command;
  /** The idempotency key, already scoped to whoever gave it (`account:17:<key>`); at most 200 characters. */
  readonly commandId: string;
  /** A keyed hash of the request's body. */
  readonly requestHash: string;
  readonly actor: string;
  readonly terminal: string;
  readonly correlationId: string;
  /** `YYYY-MM-DD`; the day of recording unless given. */
  readonly valueDate?: string;
};

export type Outcome =
  | {
      readonly accepted: true;
      /** Where the command's last event stands in the journal. */
      readonly position: number;
      readonly recorded: readonly [Recorded, ...Recorded[]];
      /** True when the command had been carried out before: this is the first answer again. */
      readonly replayed: boolean;
    }
  | { readonly accepted: false; readonly rejection: Rejection | BookkeeperRejection };

/** What the bookkeeper refuses by itself, before the domain is asked. */
export type BookkeeperRejection =
  | { readonly code: 'idempotency_key_reused' }
  /** The queue is full or the read model too far behind: nothing was done, try again later. */
  | { readonly code: 'overloaded'; readonly retryAfterSeconds: number };
