/** Every kind of event comes back from the journal's text as it was, and amounts are never JSON numbers. */
import { expect, test } from 'vitest';
import type { StoredEvent } from '../src/domain/codec.ts';
import { decode, encode } from '../src/domain/codec.ts';
import type { LedgerEvent, Metadata } from '../src/domain/events.ts';
import type { UnreadableReason } from '../src/domain/unreadable-event.ts';
import { UnreadableEvent } from '../src/domain/unreadable-event.ts';
import { schemaVersionOf } from '../src/domain/upcast.ts';

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
  { type: 'CustomerRegistered', customer: '1', keyId: '00000000-0000-4000-8000-000000000001', profile: 'v1.x' },
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
  { type: 'PinChanged', account, by: 'holder' },
  { type: 'PinChanged', account, by: 'operator', reason },
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
  {
    type: 'VerificationEnded',
    verification: 3,
    verified: 17,
    outcome: 'differs',
    differences: { entries: 2, 'audit.verifications': 1 },
    differencesHash: 'a'.repeat(64),
    checkpointSize: 17,
    row: { started_by: reason, total: '0' },
  },
  {
    type: 'VerificationEnded',
    ...{ verification: 4, verified: 0, outcome: 'broken_off', differences: {}, differencesHash: '', row: {} },
  },
];

test.each(events)('$type comes back as it was written', (event) => {
  const ofType = { ...metadata, schemaVersion: schemaVersionOf(event.type) };
  const stored = encode('id', event, ofType);
  expect(decode({ ...stored, position: 5 })).toEqual({ position: 5, id: 'id', event, metadata: ofType });
  expect(stored.data).not.toContain('\n');
  expect(stored.data).not.toMatch(/"(amount|balance|floor|total)":-?\d/);
});

const frozen = encode('id', { type: 'AccountFrozen', account, reason }, metadata);
const deposited = encode('id', { type: 'Deposited', currency, postings }, metadata);
const withData = (stored: StoredEvent, change: object): StoredEvent => ({
  ...stored,
  data: JSON.stringify({ ...(JSON.parse(stored.data) as object), ...change }),
});
const withMetadata = (stored: StoredEvent, change: object): StoredEvent => ({
  ...stored,
  metadata: JSON.stringify({ ...metadata, ...change }),
});

test.each<[StoredEvent, UnreadableReason]>([
  [{ ...frozen, data: '' }, 'not_json'],
  [{ ...frozen, data: frozen.data.slice(0, -1) }, 'not_json'],
  [{ ...frozen, data: `\uFFFD${frozen.data}` }, 'not_json'],
  [{ ...frozen, data: '"text"' }, 'not_json'],
  [{ ...frozen, data: 'null' }, 'not_json'],
  [{ ...frozen, metadata: '{' }, 'not_json'],
  [{ ...frozen, type: 'AccountForgotten' }, 'unknown_type'],
  [{ ...frozen, type: 'toString' }, 'unknown_type'],
  [withMetadata(frozen, { schemaVersion: '2' }), 'unknown_version'],
  [withMetadata(frozen, { schemaVersion: undefined }), 'unknown_version'],
  [withMetadata(frozen, { schemaVersion: 1 }), 'unknown_version'],
  [withMetadata(frozen, { commandId: undefined }), 'wrong_shape'],
  [withMetadata(frozen, { recordedAt: 5 }), 'wrong_shape'],
  [withData(frozen, { account: 17 }), 'wrong_shape'],
  [withData(frozen, { reason: undefined }), 'wrong_shape'],
  [{ ...frozen, data: '[]' }, 'wrong_shape'],
  [withData(deposited, { postings: undefined }), 'wrong_shape'],
  [withData(deposited, { postings: {} }), 'wrong_shape'],
  [withData(deposited, { postings: [null, null] }), 'wrong_shape'],
  [withData(deposited, { postings: [{ account, amount: '1', version: 1, balance: '1' }] }), 'wrong_shape'],
  ...['', '1.5', '0x10', 'one', ' 1', 1, null].map((amount): [StoredEvent, UnreadableReason] => {
    const posting = { account, amount, version: 1, balance: '1' };
    return [withData(deposited, { postings: [posting, posting] }), 'wrong_shape'];
  }),
])('%j is unreadable: %s', (stored, because) => {
  const read = (): unknown => decode({ ...stored, position: 5 });
  expect(read).toThrow(UnreadableEvent);
  expect(read).toThrow(/^position 5 holds /);
  expect(read).toThrow(expect.objectContaining({ position: 5, reason: because }));
});

test('whatever single byte of an event is lost or changed, it is read, or unreadable, and never anything else', () => {
  for (const stored of events.map((event) => encode('id', event, metadata))) {
    for (const field of ['data', 'metadata'] as const) {
      for (let at = 0; at < stored[field].length; at++) {
        for (const put of ['', '0', '"', '}']) {
          const damaged = { ...stored, [field]: stored[field].slice(0, at) + put + stored[field].slice(at + 1) };
          try {
            decode({ ...damaged, position: 5 });
          } catch (error) {
            expect(error).toBeInstanceOf(UnreadableEvent);
          }
        }
      }
    }
  }
});

test('a changed PIN of version 0.1.0, whose event did not say by whom, was changed by its holder', () => {
  const bytes = '{"account":"17"}';
  const written = { id: 'id', type: 'PinChanged', data: bytes, metadata: JSON.stringify(metadata), position: 5 };
  expect(decode(written).event).toEqual({ type: 'PinChanged', account: '17', by: 'holder' });
  const reset = decode({ ...written, data: '{"account":"17","reason":"forgotten"}' }).event;
  expect(reset).toEqual({ type: 'PinChanged', account: '17', by: 'operator', reason: 'forgotten' });
  // The step is not taken twice, and what is written today has to say it.
  expect(schemaVersionOf('PinChanged')).toBe('2');
  const today = { ...written, metadata: JSON.stringify({ ...metadata, schemaVersion: '2' }) };
  expect(() => decode(today)).toThrow(expect.objectContaining({ reason: 'wrong_shape' }));
});

/** What a column of the read model could not hold: a damaged event is named, and no statement fails on it. */
test.each([
  [
    'a key that is no UUID',
    'CustomerRegistered',
    { customer: '1', keyId: 'b80b8bcb-c48(-40d2-839e-84bf0d8dc4c6', profile: 'v1.x' },
  ],
  ['a text with U+0000', 'CustomerErased', { customer: '1', reason: 'a\u0000b' }],
  ['a day that there is not', 'AccessLocked', { account: '1', until: '2026-02-30T10:00:00.000Z' }],
  ['an hour that there is not', 'AccessLocked', { account: '1', until: '2026-02-03T24:00:00.000Z' }],
  ['a year that there is not', 'AccessLocked', { account: '1', until: '0000-02-03T10:00:00.000Z' }],
  [
    'an amount beyond 64 bits',
    'AccountOpened',
    { account: '1', customer: '1', accountType: 'current', currency: 'EUR', floor: '9223372036854775808' },
  ],
])('%s is a wrong shape', (_name, type, data) => {
  const stored = { position: 7, id: 'id', type, data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
  expect(() => decode(stored)).toThrow(expect.objectContaining({ position: 7, reason: 'wrong_shape' }));
});

test.each([
  ['recordedAt', '2026-13-01T00:00:00.000Z'],
  ['valueDate', '2026-04-31'],
  ['valueDate', '2026-04-30 '],
  ['correlationId', '\u0000'],
])('metadata whose %s is %j is a wrong shape', (field, value) => {
  const data = JSON.stringify({ account: '1', reason: 'x' });
  const stored = {
    position: 7,
    id: 'id',
    type: 'AccountFrozen',
    data,
    metadata: JSON.stringify({ ...metadata, [field]: value }),
  };
  expect(() => decode(stored)).toThrow(expect.objectContaining({ position: 7, reason: 'wrong_shape' }));
});

test('every day that there is has the right shape', () => {
  const data = JSON.stringify({ account: '1', reason: 'x' });
  for (let at = Date.UTC(1999, 11, 1); at < Date.UTC(2005, 2, 2); at += 86_400_000) {
    const valueDate = new Date(at).toISOString().slice(0, 10);
    const stored = {
      position: 1,
      id: 'id',
      type: 'AccountFrozen',
      data,
      metadata: JSON.stringify({ ...metadata, valueDate }),
    };
    expect(decode(stored).metadata.valueDate).toBe(valueDate);
  }
});
