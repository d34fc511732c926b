/** Every kind of event comes back from the journal's text as it was, and amounts are never JSON numbers. */
import { expect, test } from 'vitest';
import { UnknownEvent, decode, encode } from '../src/domain/codec.ts';
import type { LedgerEvent, Metadata } from '../src/domain/events.ts';

const metadata: Metadata = {
  commandId: 'account:1:é"',
  requestHash: 'hash',
  actor: 'session:1',
  terminal: 'desk',
  recordedAt: '2026-01-01T00:00:00.000Z',
  valueDate: '2026-01-01',
  correlationId: 'c',
  schemaVersion: '1',
};
const beyondFloat = 9_007_199_254_740_993n;
const postings = [
  { account: 'cash:desk', amount: -beyondFloat, version: 1, balance: -beyondFloat },
  { account: '1', amount: beyondFloat, version: 7, balance: 0n },
] as const;
const reason = 'a "reason"\n漢字 \u2028';
const account = '1';
const currency = 'EUR';

const events: readonly LedgerEvent[] = [
  { type: 'CustomerRegistered', customer: '1', keyId: 'k', profile: 'v1.x' },
  { type: 'CustomerErased', customer: '1', reason },
  { type: 'CustomerErased', customer: '1', reason, forced: true },
  { type: 'AccountOpened', account, customer: '1', accountType: 'current', currency, floor: -beyondFloat },
  { type: 'Deposited', currency, postings },
  { type: 'Withdrawn', currency, postings },
  { type: 'Transferred', currency, postings, reference: reason },
  { type: 'EntryImported', currency, postings, label: 'Intérêts' },
  { type: 'EntryReversed', currency, postings, reversedPosition: 3, reason },
  { type: 'AccountFrozen', account, reason },
  { type: 'AccountUnfrozen', account, reason },
  { type: 'AccountClosed', account, reason },
  { type: 'PinChanged', account },
  { type: 'AccessLocked', account, until: '2026-01-01T00:05:00.000Z' },
  { type: 'AccessUnlocked', account, reason },
  {
    type: 'CommandDeclined',
    account,
    command: 'Withdraw',
    code: 'insufficient_funds',
    about: account,
    amount: 2000n,
    currency: 'EUR',
  },
  { type: 'CommandDeclined', account, command: 'FreezeAccount', code: 'account_frozen' },
  { type: 'BatchOrdered', reason, count: 2, total: beyondFloat, currency },
  {
    type: 'ActionProposed',
    proposal: 'p',
    action: 'batch',
    reason,
    proposer: 'ada',
    count: 2,
    total: beyondFloat,
    currency,
    contentHash: 'a'.repeat(64),
    expiresAt: '2026-01-02T00:00:00.000Z',
  },
  { type: 'ActionApproved', proposal: 'p' },
  { type: 'ActionRejected', proposal: 'p', reason },
];

test.each(events)('$type comes back as it was written', (event) => {
  const stored = encode('id', event, metadata);
  expect(decode({ ...stored, position: 5 })).toEqual({ position: 5, id: 'id', event, metadata });
  expect(stored.data).not.toContain('\n');
  expect(stored.data).not.toMatch(/"(amount|balance|floor|total)":-?\d/);
});

test('an event of an unknown type or schema version throws', () => {
  const stored = encode('id', { type: 'PinChanged', account }, metadata);
  expect(() => decode({ ...stored, type: 'PinForgotten', position: 5 })).toThrow(UnknownEvent);
  const newer = encode('id', { type: 'PinChanged', account }, { ...metadata, schemaVersion: '2' });
  expect(() => decode({ ...newer, position: 5 })).toThrow(UnknownEvent);
});
