/** A window of an account's history, folded in the browser from the journal's own events by the server's own domain code. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import { formatAmount, parseAmount } from '../../../ledger/src/domain/money.ts';
import type { JournalEvent, StateSummary } from '../bank/calls.ts';
import { bank, Rejected } from '../bank/calls.ts';

/** An event and the account's state right after it. */
export type Step = { readonly event: JournalEvent; readonly recorded: Recorded; readonly state: AccountState };

export type EventWindow = {
  /** From nothing, or from where a posting of the journal says what the account's state was. */
  readonly base: AccountState | undefined;
  readonly steps: readonly Step[];
  /** Where more events come after this window. */
  readonly next: number | undefined;
  /** The journal contradicts itself after the last step. */
  readonly broken: string | undefined;
};

/** Whole histories up to this many postings; of longer ones a window at a time, so that memory stays bounded. */
const wholeUpTo = 3_000;
const pageSize = 1_000;

/** Of a short history all of it; of a long one a window around `version`. */
export async function loadWindow(account: string, version: number, last: number): Promise<EventWindow> {
  if (last <= wholeUpTo) return fold(account, undefined, 0, wholeUpTo + 2_000);
  const from = Math.max(0, Math.min(version, last) - pageSize / 2);
  if (from === 0) return fold(account, undefined, 0, pageSize);
  const { position, state } = await bank.stateSummary(account, { version: from });
  return fold(account, toState(account, state), position, pageSize);
}

/** How many postings the account had at the end of a day of the bank; the read model says where to look, the journal what is there. */
export async function versionAt(account: string, day: string): Promise<number> {
  try {
    return (await bank.stateSummary(account, { at: day })).state.version;
  } catch (error) {
    if (error instanceof Rejected && error.problem.code === 'entry_not_found') return 0;
    throw error;
  }
}

async function fold(
  account: string,
  base: AccountState | undefined,
  after: number,
  most: number,
): Promise<EventWindow> {
  const steps: Step[] = [];
  let state = base;
  let next: number | undefined = after;
  while (next !== undefined && steps.length < most) {
    const page = await bank.events(account, { cursor: next, limit: pageSize });
    for (const event of page.events) {
      const { position, id, type, stored } = event;
      try {
        const recorded = decode({ position, id, type, data: stored.data, metadata: stored.metadata });
        state = evolveAccount(state, account, recorded.event);
        if (state !== undefined) steps.push({ event, recorded, state });
      } catch (error) {
        if (!(error instanceof BrokenHistory)) throw error;
        return { base, steps, next: undefined, broken: error.message };
      }
    }
    next = page.next === undefined ? undefined : Number(page.next);
  }
  return { base, steps, next, broken: undefined };
}

function toState(account: string, seen: StateSummary['state']): AccountState {
  const minor = (amount: string): bigint => parseAmount(amount, seen.currency) ?? 0n;
  const { currency, version, status, customer, accountType, lockedUntil } = seen;
  return {
    ...{ account, currency, version, status, balance: minor(seen.balance), floor: minor(seen.floor) },
    ...(customer !== undefined && { customer }),
    ...(accountType !== undefined && { accountType }),
    ...(lockedUntil !== undefined && { lockedUntil }),
  };
}

/** The step that ends with this many postings; -1: before the first event. */
export function indexOfVersion(steps: readonly Step[], version: number): number {
  let index = -1;
  for (const [at, { state }] of steps.entries()) if (state.version <= version) index = at;
  return index;
}

/** The last step recorded up to the end of a day of the bank; `dayOf` gives an instant's. */
export function indexOfDay(steps: readonly Step[], day: string, dayOf: (iso: string) => string): number {
  return steps.findLastIndex(({ recorded }) => dayOf(recorded.metadata.recordedAt) <= day);
}

/** What the postings that count up to that day add up to, whenever they were recorded; only of a whole history. */
export function balanceByValueDate(
  { base, steps, next }: EventWindow,
  account: string,
  day: string,
): string | undefined {
  if (base !== undefined || next !== undefined) return undefined;
  let totalMinor = 0n;
  for (const { recorded } of steps) {
    if (!isMoneyEvent(recorded.event) || recorded.metadata.valueDate > day) continue;
    for (const posting of recorded.event.postings) if (posting.account === account) totalMinor += posting.amount;
  }
  return formatAmount(totalMinor, 'EUR');
}

/** Of each reversed position the position of its reversal. */
export function reversals(steps: readonly Step[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { recorded } of steps) {
    if (recorded.event.type === 'EntryReversed') found.set(recorded.event.reversedPosition, recorded.position);
  }
  return found;
}
