/** What the stored fields of each type of event must be, so that a damaged event is told from one that can be folded. */
import type { LedgerEvent } from './events.ts';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

/** What a column of text holds: PostgreSQL has no U+0000. */
const text: Check = (value) => typeof value === 'string' && !value.includes('\u0000');
const matching =
  (pattern: RegExp): ((value: unknown) => value is string) =>
  (value): value is string =>
    typeof value === 'string' && pattern.test(value);
const uuid = matching(/^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i);
const timeOfDay = /^T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{3}Z$/;
const dayText = matching(/^\d{4}-\d{2}-\d{2}$/);
/** A day that there is: no 30th of February. */
const day: Check = (value) => {
  if (!dayText(value)) return false;
  const [year, month, date] = [Number(value.slice(0, 4)), Number(value.slice(5, 7)), Number(value.slice(8))];
  return year > 0 && month >= 1 && month <= 12 && date >= 1 && date <= daysIn(year, month);
};
const instant: Check = (value) =>
  typeof value === 'string' && day(value.slice(0, 10)) && timeOfDay.test(value.slice(10));
const digits = matching(/^-?\d{1,19}$/);
const largest = 2n ** 63n - 1n;
/** As much as 64 bits hold. */
const amount: Check = (value) =>
  digits(value) && (value.length < 19 || (BigInt(value) <= largest && BigInt(value) >= -largest));
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

function daysIn(year: number, month: number): number {
  if (month !== 2) return [4, 6, 9, 11].includes(month) ? 30 : 31;
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
}

const each =
  (check: Check): Check =>
  (value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(check);

const posting: Check = (value) => {
  if (typeof value !== 'object' || value === null) return false;
  const { account, amount: moved, version, balance } = value as Fields;
  return text(account) && amount(moved) && count(version) && amount(balance);
};
const postings: Check = (value) => Array.isArray(value) && value.length === 2 && value.every(posting);

const money = { currency: text, postings };
const onAccount = { account: text, reason: text };

/** Fields beyond these are left as they are. */
const shapes: Readonly<Record<LedgerEvent['type'], Readonly<Record<string, Check>>>> = {
  CustomerRegistered: { customer: text, keyId: uuid, profile: text },
  CustomerErased: { customer: text, reason: text, forced: optional((value) => value === true) },
  AccountOpened: { account: text, customer: text, accountType: text, currency: text, floor: amount },
  Deposited: money,
  Withdrawn: money,
  Transferred: { ...money, reference: optional(text) },
  EntryImported: { ...money, label: text },
  EntryReversed: { ...money, reversedPosition: count, reason: text },
  AccountFrozen: onAccount,
  AccountUnfrozen: onAccount,
  AccountClosed: onAccount,
  PinChanged: { account: text, by: (value) => value === 'holder' || value === 'operator', reason: optional(text) },
  AccessLocked: { account: text, until: instant },
  AccessUnlocked: onAccount,
  CommandDeclined: {
    account: text,
    command: text,
    code: text,
    about: optional(text),
    amount: optional(amount),
    currency: optional(text),
  },
  BatchOrdered: { reason: text, count, total: amount, currency: text },
  ActionProposed: {
    proposal: text,
    action: text,
    reason: text,
    proposer: text,
    count,
    total: amount,
    currency: text,
    contentHash: text,
    expiresAt: instant,
  },
  ActionApproved: { proposal: text },
  ActionRejected: { proposal: text, reason: text },
  VerificationEnded: {
    verification: count,
    verified: count,
    outcome: text,
    differences: each(count),
    differencesHash: text,
    checkpointSize: optional(count),
    row: each(text),
  },
};

const checks = new Map(Object.entries(shapes).map(([type, shape]) => [type, Object.entries(shape)]));

export const isKnownType = (type: string): type is LedgerEvent['type'] => checks.has(type);

/** `data` is an event's fields as they are stored, without its type. */
export const fitsType = (type: LedgerEvent['type'], data: Fields): boolean =>
  (checks.get(type) ?? []).every(([field, check]) => check(data[field]));

const metadataFields = ['commandId', 'requestHash', 'actor', 'terminal', 'correlationId'] as const;

export const isMetadata = (metadata: Fields): boolean =>
  instant(metadata['recordedAt']) &&
  day(metadata['valueDate']) &&
  metadataFields.every((field) => text(metadata[field]));
