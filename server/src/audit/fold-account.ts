/** The fold of one account from the journal's own events, batch by batch, up to a version or a moment: pure. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { Moment } from './moment.ts';
import { isUnreadable, readEvent } from './read-event.ts';

export type Wanted = {
  /** The last state the account had with this many postings. */
  readonly version?: number | undefined;
  readonly moment?: Moment | undefined;
};

export type Fold = {
  /** After everything so far. */
  readonly folded?: AccountState | undefined;
  /** Why nothing more can be folded. */
  readonly broken?: string | undefined;
  /** What was wanted, as far as it is known. */
  readonly state?: AccountState | undefined;
  /** The last event the state includes. */
  readonly asOf?: { readonly position: number; readonly recordedAt: string } | undefined;
  /** With a moment: what the postings that count up to that day add up to, whenever they were recorded. */
  readonly balanceByValueDate?: bigint | undefined;
  /** No later event changes any of it. */
  readonly isOver?: true;
  /** The history contradicts itself within what was wanted, or cannot be read. */
  readonly brokenAt?: string;
};

/** `events`: the account's next ones, in order. */
export function foldAccount(before: Fold, account: string, events: readonly JournalEvent[], wanted: Wanted): Fold {
  let fold = before;
  for (const stored of events) {
    const read = readEvent(stored);
    if (isUnreadable(read)) {
      const brokenAt = `position ${String(read.position)} ${read.reason}`;
      return { ...fold, brokenAt, isOver: true };
    }
    fold = takeIn(fold, account, read, wanted);
    if (fold.isOver === true) return fold;
  }
  return fold;
}

function takeIn(before: Fold, account: string, recorded: Recorded, { version, moment }: Wanted): Fold {
  const { position, event, metadata } = recorded;
  let { folded, broken, state, asOf, balanceByValueDate } = before;
  try {
    if (broken === undefined) folded = evolveAccount(folded, account, event);
  } catch (error) {
    if (!(error instanceof BrokenHistory)) throw error;
    broken = `position ${String(position)}: ${error.message}`;
  }
  if (version !== undefined && folded !== undefined && folded.version > version) return { ...before, isOver: true };
  // The clocks of several servers differ a little: what comes before the last event recorded up to then belongs to it.
  if (moment === undefined || Date.parse(metadata.recordedAt) <= moment.untilMs) {
    if (broken !== undefined) return { ...before, brokenAt: broken, isOver: true };
    state = folded;
    asOf = { position, recordedAt: metadata.recordedAt };
  }
  if (moment !== undefined && metadata.valueDate <= moment.untilDay) {
    balanceByValueDate = (balanceByValueDate ?? 0n) + (isMoneyEvent(event) ? amountOn(account, event) : 0n);
  }
  return { folded, broken, state, asOf, balanceByValueDate };
}

const amountOn = (
  account: string,
  { postings }: { postings: readonly { account: string; amount: bigint }[] },
): bigint => postings.reduce((sum, posting) => (posting.account === account ? sum + posting.amount : sum), 0n);
