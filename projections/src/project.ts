/** What a batch of events adds to the read model: a pure fold of recorded events to rows. */
import type { AccountStatus } from '../../ledger/src/domain/account.ts';
import { BrokenHistory, emptyInternalAccount, isCustomerAccount } from '../../ledger/src/domain/account.ts';
import type {
  AccountEvent,
  AccountId,
  AccountType,
  CustomerId,
  CustomerRegistered,
  MoneyEvent,
  Recorded,
} from '../../ledger/src/domain/events.ts';
import { isMoneyEvent, isWithoutAccount } from '../../ledger/src/domain/events.ts';
import type { Currency } from '../../ledger/src/domain/money.ts';
import { commandKey } from '../../ledger/src/journal/command-key.ts';
import type { Entry } from './read-model.ts';
import type { Totals } from './totals.ts';
import { totalsOf } from './totals.ts';

/** An entry as it is stored; what follows from the other columns is left to the query. */
export type EntryRow = Pick<
  Entry,
  'account' | 'version' | 'position' | 'type' | 'recordedAt' | 'valueDate' | 'amount' | 'balanceAfter'
> & {
  /** Which of the event's postings it is, from 0. */
  readonly posting: number;
  readonly counterparty: AccountId | undefined;
  readonly label: string | undefined;
  readonly reference: string | undefined;
};

/** An account that comes to be: a customer's when it is opened, the bank's own with its first posting. */
export type AccountRow = {
  readonly account: AccountId;
  readonly currency: Currency;
  readonly floor: bigint;
  readonly customer?: CustomerId;
  readonly accountType?: AccountType;
  readonly openedAt?: string;
};

/** An account's money before and after the batch: the read model must be at `before`, or history is broken. */
export type BalanceChange = {
  readonly account: AccountId;
  readonly before: { readonly version: number; readonly balance: bigint };
  version: number;
  balance: bigint;
};

export type Rows = {
  /** The batch holds the events from above `after` up to and including `position`. */
  readonly after: number;
  readonly position: number;
  readonly customers: readonly CustomerRegistered[];
  readonly accounts: readonly AccountRow[];
  readonly balances: readonly BalanceChange[];
  /** The last status of each account whose status changed. */
  readonly statuses: ReadonlyMap<AccountId, AccountStatus>;
  /** Until when access is locked, or undefined once it was unlocked. */
  readonly locks: ReadonlyMap<AccountId, string | undefined>;
  readonly entries: readonly EntryRow[];
  readonly accountEvents: readonly { readonly account: AccountId; readonly position: number }[];
  /** The position of each command's first event in the batch. */
  readonly keys: ReadonlyMap<string, number>;
  readonly totals: Totals;
};

/** Throws `BrokenHistory` where the batch contradicts itself. `events` holds at least one. */
export function project(events: readonly Recorded[]): Rows {
  const customers: CustomerRegistered[] = [];
  const accounts: AccountRow[] = [];
  const balances = new Map<AccountId, BalanceChange>();
  const statuses = new Map<AccountId, AccountStatus>();
  const locks = new Map<AccountId, string | undefined>();
  const entries: EntryRow[] = [];
  const accountEvents: { account: AccountId; position: number }[] = [];
  const keys = new Map<string, number>();

  const after = (events[0]?.position ?? 1) - 1;
  let position = after;
  for (const recorded of events) {
    const { event, metadata } = recorded;
    position += 1;
    if (recorded.position !== position) {
      throw new BrokenHistory(`position ${String(recorded.position)} comes where ${String(position)} should`);
    }
    const key = commandKey(metadata.commandId);
    if (!keys.has(key)) keys.set(key, position);
    if (isMoneyEvent(event)) {
      post(balances, accounts, event, position);
      addEntries(entries, recorded, event);
    } else if (event.type === 'CustomerRegistered') {
      customers.push(event);
    } else if (!isWithoutAccount(event)) {
      accountEvents.push({ account: event.account, position });
      if (event.type === 'AccountOpened') {
        const { account, customer, accountType, currency, floor } = event;
        accounts.push({ account, currency, floor, customer, accountType, openedAt: metadata.recordedAt });
      } else {
        change(statuses, locks, event);
      }
    }
    // An erasure leaves no trace here: the row went with the key. What the staff order and decide is in the journal alone.
  }
  return {
    after,
    position,
    customers,
    accounts,
    balances: [...balances.values()],
    statuses,
    locks,
    entries,
    accountEvents,
    keys,
    totals: totalsOf(events),
  };
}

/** Follows each account's version and balance from posting to posting. */
function post(
  balances: Map<AccountId, BalanceChange>,
  accounts: AccountRow[],
  event: MoneyEvent,
  position: number,
): void {
  const { currency } = event;
  let sum = 0n;
  for (const { account, amount, version, balance } of event.postings) {
    sum += amount;
    let change = balances.get(account);
    if (change === undefined) {
      const before = { version: version - 1, balance: balance - amount };
      change = { account, before, ...before };
      balances.set(account, change);
      if (version === 1 && !isCustomerAccount(account)) {
        accounts.push({ account, currency, floor: emptyInternalAccount(account, currency).floor });
      }
    }
    change.version += 1;
    change.balance += amount;
    if (change.version !== version || change.balance !== balance) {
      throw new BrokenHistory(
        `position ${String(position)}: posting ${String(version)} of account ${account} ` +
          `does not follow posting ${String(change.version - 1)}`,
      );
    }
  }
  if (sum !== 0n) throw new BrokenHistory(`position ${String(position)}: the postings do not add up to zero`);
}

function addEntries(entries: EntryRow[], { position, metadata }: Recorded, event: MoneyEvent): void {
  const [first, second] = event.postings;
  const transfer = event.type === 'Transferred';
  const label = event.type === 'EntryImported' ? event.label : undefined;
  const reference = transfer ? event.reference : undefined;
  const { recordedAt, valueDate } = metadata;
  for (const [posting, other] of [
    [first, second],
    [second, first],
  ] as const) {
    entries.push({
      account: posting.account,
      version: posting.version,
      position,
      posting: posting === first ? 0 : 1,
      type: entryType(event.type, posting.amount),
      recordedAt,
      valueDate,
      amount: posting.amount,
      balanceAfter: posting.balance,
      counterparty: transfer ? other.account : undefined,
      label,
      reference,
    });
  }
}

function entryType(type: MoneyEvent['type'], amount: bigint): EntryRow['type'] {
  switch (type) {
    case 'Deposited':
      return 'deposit';
    case 'Withdrawn':
      return 'withdrawal';
    case 'Transferred':
      return amount < 0n ? 'transfer_out' : 'transfer_in';
    case 'EntryImported':
      return 'imported';
    case 'EntryReversed':
      return 'reversal';
  }
}

function change(
  statuses: Map<AccountId, AccountStatus>,
  locks: Map<AccountId, string | undefined>,
  event: Exclude<AccountEvent, { type: 'AccountOpened' }>,
): void {
  switch (event.type) {
    case 'AccountFrozen':
      statuses.set(event.account, 'frozen');
      return;
    case 'AccountUnfrozen':
      statuses.set(event.account, 'open');
      return;
    case 'AccountClosed':
      statuses.set(event.account, 'closed');
      return;
    case 'AccessLocked':
      locks.set(event.account, event.until);
      return;
    case 'AccessUnlocked':
      locks.set(event.account, undefined);
      return;
    case 'PinChanged':
      // An operator's reset ends a lock.
      if (event.by === 'operator') locks.set(event.account, undefined);
      return;
    case 'CommandDeclined':
      return;
  }
}
