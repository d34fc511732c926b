/** A stretch of an account's history, folded in the browser from the journal's own events by the server's own domain code. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import { formatAmount, parseAmount } from '../../../ledger/src/domain/money.ts';
import type { JournalEvent, Standing } from '../bank/calls.ts';
import { bank, Refused } from '../bank/calls.ts';

/** An event and the account's state right after it. */
export type Frame = { readonly event: JournalEvent; readonly recorded: Recorded; readonly state: AccountState };

export type Stretch = {
  /** From nothing, or from where a posting of the journal says that the account stood. */
  readonly base: AccountState | undefined;
  readonly frames: readonly Frame[];
  /** Where more events come after this stretch. */
  readonly next: number | undefined;
  /** The journal contradicts itself after the last frame. */
  readonly broken: string | undefined;
};

/** Whole histories up to this many postings; of longer ones a stretch at a time, so that memory stays bounded. */
const wholeUpTo = 3_000;
const pageSize = 1_000;

/** Of a short history all of it; of a long one a stretch around `version`. */
export async function loadStretch(account: string, version: number, last: number): Promise<Stretch> {
  if (last <= wholeUpTo) return fold(account, undefined, 0, wholeUpTo + 2_000);
  const from = Math.max(0, Math.min(version, last) - pageSize / 2);
  if (from === 0) return fold(account, undefined, 0, pageSize);
  const { position, state } = await bank.standing(account, { version: from });
  return fold(account, toState(account, state), position, pageSize);
}

/** How many postings the account had at the end of a day, UTC; the read model says where to look, the journal what is there. */
export async function versionAt(account: string, day: string): Promise<number> {
  try {
    return (await bank.standing(account, { at: day })).state.version;
  } catch (error) {
    if (error instanceof Refused && error.problem.code === 'entry_not_found') return 0;
    throw error;
  }
}

async function fold(account: string, base: AccountState | undefined, after: number, most: number): Promise<Stretch> {
  const frames: Frame[] = [];
  let state = base;
  let next: number | undefined = after;
  while (next !== undefined && frames.length < most) {
    const page = await bank.events(account, { cursor: next, limit: pageSize });
    for (const event of page.events) {
      const { position, id, type, stored } = event;
      try {
        const recorded = decode({ position, id, type, data: stored.data, metadata: stored.metadata });
        state = evolveAccount(state, account, recorded.event);
        if (state !== undefined) frames.push({ event, recorded, state });
      } catch (error) {
        if (!(error instanceof BrokenHistory)) throw error;
        return { base, frames, next: undefined, broken: error.message };
      }
    }
    next = page.next === undefined ? undefined : Number(page.next);
  }
  return { base, frames, next, broken: undefined };
}

function toState(account: string, seen: Standing['state']): AccountState {
  const minor = (amount: string): bigint => parseAmount(amount, seen.currency) ?? 0n;
  const { currency, version, status, customer, accountType, lockedUntil } = seen;
  return {
    ...{ account, currency, version, status, balance: minor(seen.balance), floor: minor(seen.floor) },
    ...(customer !== undefined && { customer }),
    ...(accountType !== undefined && { accountType }),
    ...(lockedUntil !== undefined && { lockedUntil }),
  };
}

/** The frame that ends with this many postings; -1: before the first event. */
export function indexOfVersion(frames: readonly Frame[], version: number): number {
  let index = -1;
  for (const [at, { state }] of frames.entries()) if (state.version <= version) index = at;
  return index;
}

/** The last frame recorded up to the end of a day, UTC. */
export function indexOfDay(frames: readonly Frame[], day: string): number {
  return frames.findLastIndex(({ recorded }) => recorded.metadata.recordedAt.slice(0, 10) <= day);
}

/** What the postings that count up to that day add up to, whenever they were recorded; only of a whole history. */
export function balanceByValueDate({ base, frames, next }: Stretch, account: string, day: string): string | undefined {
  if (base !== undefined || next !== undefined) return undefined;
  let sum = 0n;
  for (const { recorded } of frames) {
    if (!isMoneyEvent(recorded.event) || recorded.metadata.valueDate > day) continue;
    for (const posting of recorded.event.postings) if (posting.account === account) sum += posting.amount;
  }
  return formatAmount(sum, 'EUR');
}

/** Of each reversed position the position of its reversal. */
export function reversals(frames: readonly Frame[]): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const { recorded } of frames) {
    if (recorded.event.type === 'EntryReversed') found.set(recorded.event.reversedPosition, recorded.position);
  }
  return found;
}
