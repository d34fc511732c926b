/** One account's state, folded from its events: the same fold in the server's book, in a test and in the auditor's browser. */
import type { AccountId, AccountType, CustomerId, LedgerEvent } from './events.ts';
import { isCustomerEvent, isMoneyEvent } from './events.ts';
import type { Currency } from './money.ts';

export type AccountStatus = 'open' | 'frozen' | 'closed';

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

/** Numbers of customers' accounts: 1 to 15 digits, no leading zero. */
export const isCustomerAccount = (account: AccountId): boolean => /^[1-9]\d{0,14}$/.test(account);

/** The bank's own accounts come to be with their first posting and know no floor. */
export function emptyInternalAccount(account: AccountId, currency: Currency): AccountState {
  return { account, currency, balance: 0n, version: 0, status: 'open', floor: -(2n ** 62n) };
}

/** The accounts an event touches, in the order of its postings. */
export function accountsOf(event: LedgerEvent): readonly AccountId[] {
  if (isMoneyEvent(event)) return event.postings.map((posting) => posting.account);
  return isCustomerEvent(event) ? [] : [event.account];
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
  if (isCustomerEvent(event) || event.account !== account) return state;
  if (event.type === 'AccountOpened') {
    if (state !== undefined) throw new BrokenHistory(`account ${account} is opened twice`);
    const { customer, accountType, currency, floor } = event;
    return { account, currency, balance: 0n, version: 0, status: 'open', floor, customer, accountType };
  }
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
    case 'AccessUnlocked': {
      const { lockedUntil: _ended, ...unlocked } = state;
      return unlocked;
    }
    case 'PinChanged':
      return state;
  }
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
