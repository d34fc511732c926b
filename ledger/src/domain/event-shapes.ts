/** What the stored fields of each type of event must be, so that a damaged event is told from one that can be folded. */
import type { LedgerEvent } from './events.ts';

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string';
const digits = /^-?\d{1,40}$/;
const amount: Check = (value) => typeof value === 'string' && digits.test(value);
const count: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || check(value);

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
  CustomerRegistered: { customer: text, keyId: text, profile: text },
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
  AccessLocked: { account: text, until: text },
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
    expiresAt: text,
  },
  ActionApproved: { proposal: text },
  ActionRejected: { proposal: text, reason: text },
};

const checks = new Map(Object.entries(shapes).map(([type, shape]) => [type, Object.entries(shape)]));

export const isKnownType = (type: string): type is LedgerEvent['type'] => checks.has(type);

/** `data` is an event's fields as they are stored, without its type. */
export const fitsType = (type: LedgerEvent['type'], data: Fields): boolean =>
  (checks.get(type) ?? []).every(([field, check]) => check(data[field]));

const metadataFields = [
  'commandId',
  'requestHash',
  'actor',
  'terminal',
  'recordedAt',
  'valueDate',
  'correlationId',
] as const;

export const isMetadata = (metadata: Fields): boolean => metadataFields.every((field) => text(metadata[field]));
