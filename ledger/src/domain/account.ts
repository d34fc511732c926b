/** One account's state, folded from its events: the same fold in the server's book, in a test and in the auditor's browser. */
import type { AccountId, AccountType, CustomerId, LedgerEvent } from './events.ts';
import { isMoneyEvent, isWithoutAccount, numberPattern } from './events.ts';
import type { Currency } from './money.ts';

/** In the order of their numbers in a saved book: new ones go at the end. */
export const accountStatuses = ['open', 'frozen', 'closed'] as const;
export type AccountStatus = (typeof accountStatuses)[number];

/** What decisions need of an account; the fields after `floor` are for people who look. */
export type AccountState = {
  readonly account: AccountId;
  readonly currency: Currency;
  readonly balance: bigint;
  /** How many postings the account has had. */
  readonly version: number;
  readonly status: AccountStatus;
  readonly floor: bigint;
  readonly customer?: CustomerId;
  readonly accountType?: AccountType;
  /** Until when access is locked; empty once an operator unlocked it. */
  readonly lockedUntil?: string;
};

/** Whether an account is a customer's, and not one of the bank's own. */
export const isCustomerAccount = (account: AccountId): boolean => numberPattern.test(account);

/** How the bank's own accounts are named. */
export const internalAccountPattern = /^(?:cash|external):[\w.:-]{1,100}$/;

/** The bank's own accounts come to be with their first posting; their floor is -2^62, so that no deposit takes them out of 64 bits. */
export function emptyInternalAccount(account: AccountId, currency: Currency): AccountState {
  return { account, currency, balance: 0n, version: 0, status: 'open', floor: -(2n ** 62n) };
}

/** The accounts an event touches, in the order of its postings. */
export function accountsOf(event: LedgerEvent): readonly AccountId[] {
  if (isMoneyEvent(event)) return event.postings.map((posting) => posting.account);
  return isWithoutAccount(event) ? [] : [event.account];
}

/** Thrown when history contradicts itself: a missing, doubled or altered posting. Never an expected failure. */
export class BrokenHistory extends Error {
  override readonly name = 'BrokenHistory';
}

/** The account's state after `event`; `state` is undefined before its first. Throws `BrokenHistory`. */
export function evolveAccount(
  state: AccountState | undefined,
  account: AccountId,
  event: LedgerEvent,
): AccountState | undefined {
  if (isMoneyEvent(event)) return post(state, account, event);
  if (isWithoutAccount(event) || event.account !== account) return state;
  if (event.type === 'AccountOpened') {
    if (state !== undefined) throw new BrokenHistory(`account ${account} is opened twice`);
    const { customer, accountType, currency, floor } = event;
    return { account, currency, balance: 0n, version: 0, status: 'open', floor, customer, accountType };
  }
  if (event.type === 'CommandDeclined') return state;
  if (state === undefined) throw new BrokenHistory(`${event.type} on account ${account}, which was never opened`);
  switch (event.type) {
    case 'AccountFrozen':
      return { ...state, status: 'frozen' };
    case 'AccountUnfrozen':
      return { ...state, status: 'open' };
    case 'AccountClosed':
      return { ...state, status: 'closed' };
    case 'AccessLocked':
      return { ...state, lockedUntil: event.until };
    case 'AccessUnlocked':
      return unlocked(state);
    case 'PinChanged':
      // An operator's reset ends a lock; a change by the account's holder does not.
      return event.by === 'holder' ? state : unlocked(state);
  }
}

function unlocked(state: AccountState): AccountState {
  const { lockedUntil: _ended, ...rest } = state;
  return rest;
}

function post(
  before: AccountState | undefined,
  account: AccountId,
  event: Extract<LedgerEvent, { postings: unknown }>,
): AccountState | undefined {
  let state = before;
  for (const posting of event.postings) {
    if (posting.account !== account) continue;
    if (state === undefined) {
      if (isCustomerAccount(account))
        throw new BrokenHistory(`a posting on account ${account}, which was never opened`);
      state = emptyInternalAccount(account, event.currency);
    }
    const balance = state.balance + posting.amount;
    const version = state.version + 1;
    if (posting.version !== version || posting.balance !== balance) {
      throw new BrokenHistory(
        `account ${account}: posting ${String(posting.version)} leaves ${String(posting.balance)}, ` +
          `but the account's posting ${String(version)} leaves ${String(balance)}`,
      );
    }
    state = { ...state, balance, version };
  }
  return state;
}
