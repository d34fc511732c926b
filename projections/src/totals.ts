/** What a batch of events adds to the totals of the overview and the trial balance: by day and by kind of account; what statuses add up to, only the read model knows. */
import { isCustomerAccount } from '../../ledger/src/domain/account.ts';
import type { AccountId, MoneyEvent, Recorded } from '../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../ledger/src/domain/events.ts';

export type DayTotals = { deposits: bigint; outflow: bigint; transfers: bigint; operations: number };
export type KindTotals = { accounts: number; balance: bigint };

export type Totals = {
  readonly days: ReadonlyMap<string, DayTotals>;
  readonly kinds: ReadonlyMap<string, KindTotals>;
};

const kindOf = (account: AccountId): string =>
  isCustomerAccount(account) ? 'customer' : account.slice(0, account.indexOf(':'));

export function totalsOf(events: readonly Recorded[]): Totals {
  const days = new Map<string, DayTotals>();
  const kinds = new Map<string, KindTotals>();
  const kind = (account: AccountId): KindTotals => {
    const name = kindOf(account);
    const totals = kinds.get(name) ?? { accounts: 0, balance: 0n };
    kinds.set(name, totals);
    return totals;
  };
  for (const { event, metadata } of events) {
    if (isMoneyEvent(event)) {
      addDay(days, event, metadata.valueDate);
      for (const { account, amount, version } of event.postings) {
        const totals = kind(account);
        totals.balance += amount;
        // The bank's own accounts come to be with their first posting.
        if (version === 1 && !isCustomerAccount(account)) totals.accounts += 1;
      }
    } else if (event.type === 'AccountOpened') {
      kind(event.account).accounts += 1;
    }
  }
  return { days, kinds };
}

/** Customers' sides only: each deposit has another side in the bank's cash. With two of them no money came in or went out. */
function addDay(days: Map<string, DayTotals>, event: MoneyEvent, day: string): void {
  const sides = event.postings.filter(({ account }) => isCustomerAccount(account));
  if (sides.length === 0) return;
  const totals = days.get(day) ?? { deposits: 0n, outflow: 0n, transfers: 0n, operations: 0 };
  days.set(day, totals);
  const isBetween = event.type === 'Transferred' || sides.length > 1;
  for (const { amount } of sides) {
    totals.operations += 1;
    if (amount < 0n && !isBetween) totals.outflow -= amount;
    else if (amount > 0n && isBetween) totals.transfers += amount;
    else if (amount > 0n) totals.deposits += amount;
  }
}
