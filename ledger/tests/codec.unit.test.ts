/** What is kept is what was written: every kind of event comes back the same, and sums are never JSON numbers. */
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
];

test.each(events)('$type', (event) => {
  const stored = encode('id', event, metadata);
  expect(decode({ ...stored, position: 5 })).toEqual({ position: 5, id: 'id', event, metadata });
  expect(stored.data).not.toContain('\n');
  expect(stored.data).not.toMatch(/"(amount|balance|floor)":-?\d/);
});

test('an event of a newer program is refused, never guessed at', () => {
  const stored = encode('id', { type: 'PinChanged', account }, metadata);
  expect(() => decode({ ...stored, type: 'PinForgotten', position: 5 })).toThrow(UnknownEvent);
  const newer = encode('id', { type: 'PinChanged', account }, { ...metadata, schemaVersion: '2' });
  expect(() => decode({ ...newer, position: 5 })).toThrow(UnknownEvent);
});
