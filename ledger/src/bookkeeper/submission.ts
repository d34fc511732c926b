/** What goes into the bookkeeper and what comes out: a command with its key, and its outcome. */
import type { Command } from '../domain/commands.ts';
import type { Recorded } from '../domain/events.ts';
import type { BookkeeperRejection, Rejection } from '../domain/rejections.ts';

export type Submission = {
  readonly command: Command;
  /** The idempotency key, already scoped to whoever gave it (`account:17:<key>`); at most 200 characters. */
  readonly commandId: string;
  /** A keyed hash of the request's body. */
  readonly requestHash: string;
  readonly actor: string;
  readonly terminal: string;
  readonly correlationId: string;
  /** `YYYY-MM-DD`; the bank's day of recording unless given. */
  readonly valueDate?: string;
};

export type Outcome =
  | {
      readonly accepted: true;
      /** The command's last event in the journal. */
      readonly position: number;
      readonly recorded: readonly [Recorded, ...Recorded[]];
      /** True when the command had been carried out before: this is the first answer again. */
      readonly replayed: boolean;
    }
  | {
      readonly accepted: false;
      readonly rejection: Rejection;
      /** The decline as it stands in the journal: the same key answers the same for ever. */
      readonly declined: Recorded;
      readonly replayed: boolean;
    }
  /** Nothing was written: the same key may be tried again. */
  | { readonly accepted: false; readonly rejection: Rejection | BookkeeperRejection; readonly declined?: undefined };
