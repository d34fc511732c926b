/** The one place where amounts become postings: currency, status, floor and bound are judged here for every money event. */
import type { AccountState } from './account.ts';
import { emptyInternalAccount, isCustomerAccount } from './account.ts';
import type { AccountId, MoneyEvent, Posting, Postings } from './events.ts';
import type { Currency } from './money.ts';
import { largestBalanceMinor } from './money.ts';
import type { Rejection } from './rejections.ts';

/** One side of a money event before it is judged: the account and what is added to its balance. */
export type Leg = { readonly account: AccountId; readonly amount: bigint };

/** What is judged beside currency and bound, which hold for all. */
type Rule = {
  /** A frozen or closed account neither gives nor takes. */
  readonly status: boolean;
  /** Whoever gives must not fall below the account's floor. */
  readonly floor: boolean;
};

/** An import records what already happened elsewhere: neither floor nor status can undo it. */
const rules: Readonly<Record<MoneyEvent['type'], Rule>> = {
  Deposited: { status: true, floor: true },
  Withdrawn: { status: true, floor: true },
  Transferred: { status: true, floor: true },
  EntryReversed: { status: true, floor: true },
  EntryImported: { status: false, floor: false },
};

/** What a settlement needs to know of the accounts. */
type Accounts = { account(account: AccountId): AccountState | undefined };

/**
 * The postings of a money event, whose legs add up to zero, or the first rejection in the order of `rejectionCodes`; a
 * balance out of bounds comes last. The giving leg comes first.
 */
export function settle(
  accounts: Accounts,
  type: MoneyEvent['type'],
  currency: Currency,
  legs: readonly [Leg, Leg],
): Postings | Rejection {
  const rule = rules[type];
  const sides: { readonly state: AccountState; readonly amount: bigint }[] = [];
  for (const { account, amount } of legs) {
    const state = findAccount(accounts, account, currency);
    if (state === undefined) return { code: missingCode(legs, account), account };
    sides.push({ state, amount });
  }
  for (const { state } of sides) {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- there will be more than one currency
    if (state.currency !== currency) return { code: 'currency_mismatch', account: state.account };
  }
  if (rule.status) {
    for (const { state } of sides)
      if (state.status === 'closed') return { code: 'account_closed', account: state.account };
    for (const { state } of sides)
      if (state.status === 'frozen') return { code: 'account_frozen', account: state.account };
  }
  if (rule.floor) {
    for (const { state, amount } of sides) {
      if (amount < 0n && state.balance + amount < state.floor)
        return { code: 'insufficient_funds', account: state.account };
    }
  }
  for (const { state, amount } of sides) {
    const balance = state.balance + amount;
    if (balance > largestBalanceMinor || balance < -largestBalanceMinor) {
      return { code: 'limit_exceeded', account: state.account };
    }
  }
  const [first, second] = sides.map(({ state, amount }) => posting(state, amount)) as [Posting, Posting];
  return [first, second];
}

/** The account, or a bank's own that comes to be with its first posting; undefined for a customer's that was never opened. */
function findAccount(accounts: Accounts, account: AccountId, currency: Currency): AccountState | undefined {
  const known = accounts.account(account);
  if (known !== undefined || isCustomerAccount(account)) return known;
  return /^(cash|external):./.test(account) ? emptyInternalAccount(account, currency) : undefined;
}

/** Between two customers the one that takes is a destination; everywhere else the customer's account is the command's own. */
function missingCode([from, to]: readonly [Leg, Leg], account: AccountId): Rejection['code'] {
  return account === to.account && isCustomerAccount(from.account) ? 'destination_not_found' : 'account_not_found';
}

const posting = (state: AccountState, amount: bigint): Posting => ({
  account: state.account,
  amount,
  version: state.version + 1,
  balance: state.balance + amount,
});
