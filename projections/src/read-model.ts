/** What the bank knows and can be asked: the shapes and the port of the read model. */
import type { AccountStatus } from '../../ledger/src/domain/account.ts';
import type { AccountId, AccountType, CustomerId } from '../../ledger/src/domain/events.ts';
import type { Currency } from '../../ledger/src/domain/money.ts';

export type AccountOverview = {
  readonly account: AccountId;
  readonly kind: 'customer' | 'internal';
  readonly currency: Currency;
  readonly balance: bigint;
  /** How many postings the account has had. */
  readonly version: number;
  readonly status: AccountStatus;
  readonly floor: bigint;
  /** Absent for the bank's own accounts. */
  readonly customer?: CustomerId;
  readonly accountType?: AccountType;
  /** Absent for the bank's own accounts, and once the customer's key was destroyed. */
  readonly holder?: { readonly firstName: string; readonly lastName: string };
  readonly lockedUntil?: string;
  readonly openedAt?: string;
};

/** One posting as its account's holder sees it. */
export type Entry = {
  /** `<position>.<index of the posting>`: unique in the whole bank, the same after every rebuild. */
  readonly entryId: string;
  readonly account: AccountId;
  readonly version: number;
  readonly position: number;
  readonly type: 'deposit' | 'withdrawal' | 'transfer_in' | 'transfer_out' | 'imported' | 'reversal';
  readonly recordedAt: string;
  /** `YYYY-MM-DD` */
  readonly valueDate: string;
  readonly label: string;
  readonly amount: bigint;
  readonly balanceAfter: bigint;
  readonly currency: Currency;
  /** The other account of a transfer between customers. */
  readonly counterparty?: AccountId;
  readonly reference?: string;
};

export type TrialBalance = {
  /** The journal position of the figures. */
  readonly position: number;
  readonly accounts: readonly { readonly kind: string; readonly accounts: number; readonly balance: bigint }[];
  /** Over all accounts: 0n, or the books are wrong. */
  readonly total: bigint;
};

export type BankOverview = {
  /** Customers' accounts; those that are locked are also counted by their status. */
  readonly accounts: {
    readonly open: number;
    readonly frozen: number;
    readonly closed: number;
    readonly locked: number;
  };
  /** By value date: what came in from outside and cash, what went out there, what moved between customers, a transfer's reversal too. */
  readonly days: readonly {
    readonly day: string;
    readonly deposits: bigint;
    readonly outflow: bigint;
    readonly transfers: bigint;
    readonly operations: number;
  }[];
};

/** The last entry of a window of an account's versions, and the lowest and highest balance in it. */
export type BalancePoint = {
  readonly version: number;
  readonly recordedAt: string;
  readonly valueDate: string;
  readonly balance: bigint;
  readonly low: bigint;
  readonly high: bigint;
};

export interface ReadModel {
  /** The checkpoint: the last journal position that every answer includes. */
  position(): Promise<number>;
  /** Waits until the checkpoint has reached `position`; false when `timeoutMs` ran out first. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
  account(account: AccountId): Promise<AccountOverview | undefined>;
  /** An account's entries, newest first, from below version `before` on. */
  entries(account: AccountId, options: { readonly limit: number; readonly before?: number }): Promise<readonly Entry[]>;
  /** All of an account's entries, oldest first, from version `from` (1 unless given) on, page by page, in bounded memory, as of one moment. */
  allEntries(account: AccountId, from?: number): AsyncIterable<readonly Entry[]>;
  /** Positions of all events that touch an account, upwards from above `after`. */
  eventPositions(
    account: AccountId,
    options: { readonly after: number; readonly limit: number },
  ): Promise<readonly number[]>;
  /** How many postings an account had at an instant, in milliseconds since 1970: the version of the last one recorded up to then. */
  versionAt(account: AccountId, instantMs: number): Promise<number>;
  /** Of those without a posting, all up to `upTo`: an account has few. */
  eventPositionsWithoutPosting(account: AccountId, upTo: number): Promise<readonly number[]>;
  /**
   * Customers' accounts in the order of their numbers, from above `after` on; `query` matches the number (exact),
   * the holder (any part of first or last name, without regard to case or accents) or the account type.
   */
  searchAccounts(options: {
    readonly query?: string;
    readonly status?: AccountStatus;
    readonly type?: AccountType;
    readonly after?: AccountId;
    readonly limit: number;
  }): Promise<readonly AccountOverview[]>;
  trialBalance(): Promise<TrialBalance>;
  overview(): Promise<BankOverview>;
  balanceHistory(account: AccountId, points: number): Promise<readonly BalancePoint[]>;
}
