/** What a drill's clients asked for, what they were told and what they read: the checker's input. Times are of one clock, in milliseconds. */
import type { LedgerEvent, Recorded } from '../../../ledger/src/domain/events.ts';

/** What carrying a command out leaves in the journal. */
export type Command = {
  /** The call's name, for whoever reads a difference. */
  readonly call: string;
  /** As it stands in the journal: the idempotency key with whoever gave it. */
  readonly commandId: string;
  readonly event: LedgerEvent['type'];
  /** The account the event is about, where it is one that moves no money. */
  readonly account?: string;
  /** What moves where; other accounts' postings are the other side of it. */
  readonly changes?: readonly { readonly account: string; readonly amountMinor: bigint }[];
  readonly reversedPosition?: number;
};

export type Answer =
  | {
      readonly outcome: 'accepted';
      /** The position of the event; absent where the call answers one for several commands. */
      readonly position?: number;
      readonly operationId?: string;
      readonly balanceMinor?: bigint;
      /** The number of an account that was opened. */
      readonly opened?: string;
    }
  /** By the ledger, or before the ledger was asked. */
  | { readonly outcome: 'rejected'; readonly code: string };

export type Operation = {
  readonly command: Command;
  readonly askedMs: number;
  /** When the first answer came; absent when none ever did. */
  readonly answeredMs?: number;
  /** Each definite answer: the first, and those to the same command sent again afterwards. */
  readonly answers: readonly Answer[];
};

/** One account as one reader saw it, who had seen `after` before. */
export type Read = {
  readonly reader: string;
  readonly account: string;
  readonly after: number;
  readonly position: number;
  readonly balanceMinor: bigint;
  readonly version?: number;
};

/** Several accounts in one answer, as one reader saw them who had seen `after` before. */
export type Snapshot = {
  readonly reader: string;
  readonly after: number;
  readonly accounts: readonly { readonly account: string; readonly balanceMinor: bigint; readonly version: number }[];
  /** What they hold together at every position. */
  readonly totalMinor: bigint;
};

/** The sum of all balances there are. */
export type Total = { readonly reader: string; readonly totalMinor: bigint };

/** One account as the read model has it at the end. */
export type Shown = {
  readonly account: string;
  readonly balanceMinor: bigint;
  readonly version: number;
  readonly status: string;
};

export type Evidence = {
  readonly operations: readonly Operation[];
  readonly reads: readonly Read[];
  readonly snapshots: readonly Snapshot[];
  readonly totals: readonly Total[];
  readonly journal: readonly Recorded[];
  readonly shown: readonly Shown[];
  /** Tables of the read model that are not as a rebuild makes them. */
  readonly notAsRebuilt: readonly { readonly table: string; readonly differing: number }[];
};

export type DifferenceKind =
  /** Acknowledged, but not in the journal. */
  | 'missing'
  /** Acknowledged as something else than the journal has. */
  | 'altered'
  /** Carried out more than once. */
  | 'doubled'
  /** Rejected, and carried out all the same. */
  | 'effect of a rejection'
  /** In the journal, and nobody asked for it. */
  | 'unasked'
  /** The same command, sent again, was answered otherwise. */
  | 'another answer'
  /** Asked for after another was acknowledged, but earlier in the journal. */
  | 'order'
  /** The journal contradicts itself: a gap, or a posting that does not follow from the one before. */
  | 'broken history'
  /** Postings of one event, or all balances, that do not add up to zero. */
  | 'unbalanced'
  | 'overdrawn'
  /** Older than what its reader had seen before. */
  | 'stale read'
  /** A balance that the account never had. */
  | 'wrong read'
  /** Accounts in one answer that were never like that at the same position. */
  | 'torn read'
  /** Balances in one answer that are not all the money there is. */
  | 'money missing'
  /** The read model is not what the journal folds to. */
  | 'read model'
  /** The read model is not what a rebuild makes. */
  | 'rebuild';

export type Difference = { readonly kind: DifferenceKind; readonly where: string; readonly detail: string };

export const difference = (kind: DifferenceKind, where: string, detail: string): Difference => ({
  kind,
  where,
  detail,
});
