/** Every fact the journal can hold: a closed union, in the past tense. A fact is never edited; new kinds may come. */
import type { Currency } from './money.ts';

/** A customer's account is its number (`"17"`); the bank's own are `cash:<terminal>` and `external:<name>`. */
export type AccountId = string;

/** A customer's number, as digits. */
export type CustomerId = string;

export const accountTypes = ['current', 'savings', 'home_savings', 'bank_savings', 'life_insurance'] as const;
export type AccountType = (typeof accountTypes)[number];

/**
 * One line of a double entry, credit-positive: what the bank owes the account's holder rises by `amount`.
 * `version` counts this account's postings from 1 without a gap; `balance` is the balance after this one.
 */
export type Posting = {
  readonly account: AccountId;
  readonly amount: bigint;
  readonly version: number;
  readonly balance: bigint;
};

/** The two sides of a money event: their amounts add up to zero. */
export type Postings = readonly [Posting, Posting];

export type MoneyEvent =
  | { readonly type: 'Deposited'; readonly currency: Currency; readonly postings: Postings }
  | { readonly type: 'Withdrawn'; readonly currency: Currency; readonly postings: Postings }
  | {
      readonly type: 'Transferred';
      readonly currency: Currency;
      readonly postings: Postings;
      readonly reference?: string;
    }
  | { readonly type: 'EntryImported'; readonly currency: Currency; readonly postings: Postings; readonly label: string }
  | {
      readonly type: 'EntryReversed';
      readonly currency: Currency;
      readonly postings: Postings;
      readonly reversedPosition: number;
      readonly reason: string;
    };

/** What happened to one account beside money. */
export type AccountEvent =
  | {
      readonly type: 'AccountOpened';
      readonly account: AccountId;
      readonly customer: CustomerId;
      readonly accountType: AccountType;
      readonly currency: Currency;
      readonly floor: bigint;
    }
  | { readonly type: 'AccountFrozen'; readonly account: AccountId; readonly reason: string }
  | { readonly type: 'AccountUnfrozen'; readonly account: AccountId; readonly reason: string }
  | { readonly type: 'AccountClosed'; readonly account: AccountId; readonly reason: string }
  | { readonly type: 'PinChanged'; readonly account: AccountId }
  | { readonly type: 'AccessLocked'; readonly account: AccountId; readonly until: string }
  | { readonly type: 'AccessUnlocked'; readonly account: AccountId; readonly reason: string };

/** A customer's profile, sealed under a key of that customer's own (`keyId`) which is kept outside the journal. */
export type CustomerRegistered = {
  readonly type: 'CustomerRegistered';
  readonly customer: CustomerId;
  readonly keyId: string;
  readonly profile: string;
};

/** The customer's key was destroyed: from here on nobody can read the profile, and everything else stays. */
export type CustomerErased = {
  readonly type: 'CustomerErased';
  readonly customer: CustomerId;
  readonly reason: string;
};

export type LedgerEvent = MoneyEvent | AccountEvent | CustomerRegistered | CustomerErased;

/** What happened to a customer and to none of the accounts. */
export const isCustomerEvent = (event: LedgerEvent): event is CustomerRegistered | CustomerErased =>
  event.type === 'CustomerRegistered' || event.type === 'CustomerErased';

export const isMoneyEvent = (event: LedgerEvent): event is MoneyEvent => 'postings' in event;

/** What is known of how an event came about; flat, string to string, as it stands in the journal. */
export type Metadata = {
  /** The idempotency key, scoped to whoever gave it. */
  readonly commandId: string;
  /** A keyed hash of the request's body: the same key with another body is refused. */
  readonly requestHash: string;
  /** `session:<account>`, `staff:<user>`, `import:<file>:<row>`, `command:<name>`. */
  readonly actor: string;
  readonly terminal: string;
  /** When it was written: ISO 8601, UTC, milliseconds. */
  readonly recordedAt: string;
  /** From when it counts: `YYYY-MM-DD`. */
  readonly valueDate: string;
  readonly correlationId: string;
  readonly schemaVersion: string;
};

/** An event as it stands in the journal at `position` (from 1, without a gap). */
export type Recorded = {
  readonly position: number;
  readonly id: string;
  readonly event: LedgerEvent;
  readonly metadata: Metadata;
};
