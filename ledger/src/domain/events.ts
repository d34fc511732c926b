/** Every fact the journal can hold: a closed union, in the past tense. A fact is never edited; new kinds may come. */
import type { Currency } from './money.ts';
import type { RejectionCode } from './rejections.ts';

/** A customer's account is its number (`"17"`); the bank's own are `cash:<terminal>` and `external:<name>`. */
export type AccountId = string;

/** A customer's number, as digits. */
export type CustomerId = string;

/** How customers and their accounts are numbered: 1 to 15 digits, without a leading zero. */
export const numberPattern = /^[1-9]\d{0,14}$/;

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

/** A command that the ledger declined: nothing moved, and its key answers the same for ever. */
export type CommandDeclined = {
  readonly type: 'CommandDeclined';
  /** The account the command was given for; it may never have been opened. */
  readonly account: AccountId;
  /** The command's type, such as `Withdraw`. */
  readonly command: string;
  readonly code: RejectionCode;
  /** The account the code is about, where it is about one. */
  readonly about?: string;
  /** What was to be moved, in minor units of `currency`; absent for a command that moves nothing. */
  readonly amount?: bigint;
  readonly currency?: Currency;
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
  /** With a reason when an operator reset it. */
  | {
      readonly type: 'PinChanged';
      readonly account: AccountId;
      readonly by: 'holder' | 'operator';
      readonly reason?: string;
    }
  | { readonly type: 'AccessLocked'; readonly account: AccountId; readonly until: string }
  | { readonly type: 'AccessUnlocked'; readonly account: AccountId; readonly reason: string }
  | CommandDeclined;

/** A customer's profile, sealed under a key of that customer's own (`keyId`) which is stored outside the journal. */
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
  /** Accounts were open, held money, or were closed too recently: whoever erased set that aside. */
  readonly forced?: true;
};

/** What needs a second person of the staff. */
export const actions = ['batch'] as const;
export type Action = (typeof actions)[number];

/** A batch of transfers that one operator ordered; its transfers follow, each under its own key. */
export type BatchOrdered = {
  readonly type: 'BatchOrdered';
  readonly reason: string;
  readonly count: number;
  readonly total: bigint;
  readonly currency: Currency;
};

/** What one operator wants done and may not do alone: nothing is done yet. */
export type ActionProposed = {
  readonly type: 'ActionProposed';
  readonly proposal: string;
  readonly action: Action;
  readonly reason: string;
  /** The user name of the operator who proposes. */
  readonly proposer: string;
  readonly count: number;
  readonly total: bigint;
  readonly currency: Currency;
  /** SHA-256 of the content, in hexadecimal: what is approved is what was proposed. */
  readonly contentHash: string;
  /** Until when it can be decided: ISO 8601, UTC, milliseconds. */
  readonly expiresAt: string;
};

/** How a verification of the whole bank ended, so that its row in `audit.verifications` can be held against it. About no account: it is about all of them. */
export type VerificationEnded = {
  readonly type: 'VerificationEnded';
  readonly verification: number;
  /** The position it reached. */
  readonly verified: number;
  readonly outcome: 'passed' | 'differs' | 'broken_off';
  /** How many, by table; none: empty. */
  readonly differences: Readonly<Record<string, number>>;
  /** SHA-256 of the differences as they are stored, in hexadecimal. */
  readonly differencesHash: string;
  /** How many events the signed checkpoint covered that they were compared with. */
  readonly checkpointSize?: number;
  /** Its row's other columns as text; one without a value is absent. */
  readonly row: Readonly<Record<string, string>>;
};

/** What the staff order, propose, decide and have verified; what follows from it for accounts is events of its own. */
export type StaffEvent =
  | BatchOrdered
  | ActionProposed
  | { readonly type: 'ActionApproved'; readonly proposal: string }
  | { readonly type: 'ActionRejected'; readonly proposal: string; readonly reason: string }
  | VerificationEnded;

export type LedgerEvent = MoneyEvent | AccountEvent | CustomerRegistered | CustomerErased | StaffEvent;

const typesWithoutAccount: ReadonlySet<string> = new Set<(CustomerRegistered | CustomerErased | StaffEvent)['type']>([
  'CustomerRegistered',
  'CustomerErased',
  'BatchOrdered',
  'ActionProposed',
  'ActionApproved',
  'ActionRejected',
  'VerificationEnded',
]);

/** What happened to none of the accounts. */
export const isWithoutAccount = (event: LedgerEvent): event is CustomerRegistered | CustomerErased | StaffEvent =>
  typesWithoutAccount.has(event.type);

export const isMoneyEvent = (event: LedgerEvent): event is MoneyEvent => 'postings' in event;

/** Of `requestHash`, in base64url: 132 bits are enough to tell bodies apart for ever, and short, since every event carries them. */
export const requestHashLength = 22;

/** What is known of how an event came about; flat, string to string, as it is in the journal. */
export type Metadata = {
  /** The idempotency key, scoped to whoever gave it. */
  readonly commandId: string;
  /** A keyed hash of the request's body: the same key with another body is rejected. */
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
  /** Says that the bank wrote it (`journal/event-mac.ts`); absent from events before 0.2.0. Always the last field. */
  readonly mac?: string;
};

/** An event as it is in the journal at `position` (from 1, without a gap). */
export type Recorded = {
  readonly position: number;
  readonly id: string;
  readonly event: LedgerEvent;
  readonly metadata: Metadata;
};
