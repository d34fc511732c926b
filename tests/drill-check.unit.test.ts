/** The drill's checker: a sound history has no differences, and each kind of difference is seen where it was planted. */
import { expect, test } from 'vitest';
import type { LedgerEvent, Postings, Recorded } from '../ledger/src/domain/events.ts';
import { findDifferences } from '../operations/src/drill/check.ts';
import type { DifferenceKind, Evidence, Operation } from '../operations/src/drill/history.ts';

const metadata = {
  ...{ requestHash: 'h', actor: 'a', terminal: 'desk', recordedAt: '2026-01-01T00:00:00.000Z' },
  ...{ valueDate: '2026-01-01', correlationId: 'c', schemaVersion: '1' },
};
const at = (position: number, commandId: string, event: LedgerEvent): Recorded => ({
  ...{ position, id: `id-${String(position)}`, event, metadata: { ...metadata, commandId } },
});
const opened = (account: string): LedgerEvent => ({
  ...{ type: 'AccountOpened', account, customer: account, accountType: 'current', currency: 'EUR', floor: 0n },
});
const registered = (customer: string): LedgerEvent => ({
  type: 'CustomerRegistered',
  customer,
  keyId: '00000000-0000-4000-8000-000000000001',
  profile: '',
});
type Side = readonly [account: string, amount: bigint, version: number, balance: bigint];
const postings = (...sides: readonly Side[]): Postings =>
  sides.map(([account, amount, version, balance]) => ({ account, amount, version, balance })) as unknown as Postings;

const depositPostings = postings(['cash:desk', -100n, 1, -100n], ['1', 100n, 1, 100n]);
const transferPostings = postings(['1', -30n, 2, 70n], ['2', 30n, 1, 30n]);
const reversalPostings = postings(['1', 30n, 3, 100n], ['2', -30n, 2, 0n]);
const journal: readonly Recorded[] = [
  at(1, 'open-1', registered('1')),
  at(2, 'open-1', opened('1')),
  at(3, 'open-2', registered('2')),
  at(4, 'open-2', opened('2')),
  at(5, 'deposit', { type: 'Deposited', currency: 'EUR', postings: depositPostings }),
  at(6, 'transfer', { type: 'Transferred', currency: 'EUR', postings: transferPostings }),
  at(7, 'withdraw', {
    ...{ type: 'CommandDeclined', account: '2', command: 'Withdraw', code: 'insufficient_funds' },
    ...{ amount: 900n, currency: 'EUR' },
  }),
  at(8, 'freeze', { type: 'AccountFrozen', account: '2', reason: 'r' }),
  at(9, 'unfreeze', { type: 'AccountUnfrozen', account: '2', reason: 'r' }),
  at(10, 'reverse', {
    ...{ type: 'EntryReversed', currency: 'EUR', postings: reversalPostings, reversedPosition: 6, reason: 'r' },
  }),
  at(11, 'lock', { type: 'AccessLocked', account: '2', until: '2026-01-01T00:05:00.000Z' }),
];

const operation = (
  command: Operation['command'],
  [askedMs, answeredMs]: readonly [number, number],
  ...answers: Operation['answers']
): Operation => ({ command, askedMs, answeredMs, answers });
const accepted = (position: number) => ({ outcome: 'accepted', position }) as const;
const operations: readonly Operation[] = [
  operation({ call: 'openAccount', commandId: 'open-1', event: 'AccountOpened' }, [0, 10], {
    ...{ ...accepted(2), opened: '1' },
  }),
  operation({ call: 'openAccount', commandId: 'open-2', event: 'AccountOpened' }, [5, 20], {
    ...{ ...accepted(4), opened: '2' },
  }),
  operation(
    {
      ...{ call: 'deposit', commandId: 'deposit', event: 'Deposited' },
      changes: [{ account: '1', amountMinor: 100n }],
    },
    [30, 40],
    { ...accepted(5), operationId: 'id-5', balanceMinor: 100n },
    { ...accepted(5), operationId: 'id-5', balanceMinor: 100n },
  ),
  operation(
    {
      ...{ call: 'transfer', commandId: 'transfer', event: 'Transferred' },
      changes: [
        { account: '1', amountMinor: -30n },
        { account: '2', amountMinor: 30n },
      ],
    },
    [50, 60],
    { ...accepted(6), operationId: 'id-6', balanceMinor: 70n },
  ),
  operation(
    {
      ...{ call: 'withdraw', commandId: 'withdraw', event: 'Withdrawn' },
      changes: [{ account: '2', amountMinor: -900n }],
    },
    [55, 65],
    { outcome: 'rejected', code: 'insufficient_funds' },
  ),
  operation({ call: 'freeze', commandId: 'freeze', event: 'AccountFrozen', account: '2' }, [70, 80], accepted(8)),
  operation({ call: 'unfreeze', commandId: 'unfreeze', event: 'AccountUnfrozen', account: '2' }, [90, 99], accepted(9)),
  // Never answered: it may be there or not.
  {
    command: { call: 'reverse', commandId: 'reverse', event: 'EntryReversed', reversedPosition: 6 },
    ...{ askedMs: 95, answers: [] },
  },
  { command: { call: 'deposit', commandId: 'never', event: 'Deposited' }, ...{ askedMs: 96, answers: [] } },
];

const seventy = { account: '1', balanceMinor: 70n, version: 2 };
const thirty = { account: '2', balanceMinor: 30n, version: 1 };
const hundred = { account: '1', balanceMinor: 100n, version: 1 };
const open = { status: 'open' } as const;
const sound: Evidence = {
  operations,
  journal,
  reads: [
    { reader: 'r', account: '1', after: 5, position: 5, balanceMinor: 100n, version: 1 },
    { reader: 'r', account: '1', after: 5, position: 7, balanceMinor: 70n },
    // A read may be newer than the position it names.
    { reader: 'r', account: '2', after: 4, position: 4, balanceMinor: 30n, version: 1 },
  ],
  snapshots: [{ reader: 'r', after: 5, accounts: [seventy, thirty], totalMinor: 100n }],
  totals: [{ reader: 'r', totalMinor: 0n }],
  shown: [
    { account: '1', balanceMinor: 100n, version: 3, ...open },
    { account: '2', balanceMinor: 0n, version: 2, ...open },
    { account: 'cash:desk', balanceMinor: -100n, version: 1, ...open },
  ],
  notAsRebuilt: [],
};

test('a sound history has no differences', () => {
  expect(findDifferences(sound)).toEqual([]);
});

/** The evidence with an event put in, taken out or exchanged. */
const withJournal = (change: (events: readonly Recorded[]) => readonly Recorded[]): Evidence => ({
  ...sound,
  journal: change(journal),
});
const exchanged = (position: number, event: LedgerEvent): Evidence =>
  withJournal((events) => events.map((one) => (one.position === position ? { ...one, event } : one)));
const withAnswers = (commandId: string, ...answers: Operation['answers']): Evidence => ({
  ...sound,
  operations: operations.map((one) => (one.command.commandId === commandId ? { ...one, answers } : one)),
});
const withRead = (read: Partial<Evidence['reads'][number]>): Evidence => ({
  ...sound,
  reads: [{ reader: 'r', account: '1', after: 5, position: 5, balanceMinor: 100n, version: 1, ...read }],
});
const shownAs = (change: Partial<Evidence['shown'][number]>): Evidence => ({
  ...sound,
  shown: sound.shown.map((one) => (one.account === '1' ? { ...one, ...change } : one)),
});
const withSnapshot = (change: Partial<Evidence['snapshots'][number]>): Evidence => ({
  ...sound,
  snapshots: [{ reader: 'r', after: 5, accounts: [seventy, thirty], totalMinor: 100n, ...change }],
});
const unfrozen: LedgerEvent = { type: 'AccountUnfrozen', account: '2', reason: 'r' };

const planted: readonly (readonly [what: string, kind: DifferenceKind, evidence: Evidence])[] = [
  [
    'the last acknowledged event is gone',
    'missing',
    withJournal((events) => events.filter(({ position }) => position !== 9)),
  ],
  [
    'a decline is written down nowhere',
    'missing',
    withJournal((events) => events.filter(({ position }) => position !== 7)),
  ],
  [
    'another amount',
    'altered',
    exchanged(5, {
      type: 'Deposited',
      currency: 'EUR',
      postings: postings(['cash:desk', -1n, 1, -1n], ['1', 1n, 1, 1n]),
    }),
  ],
  ['another account', 'altered', exchanged(9, { ...unfrozen, account: '1' })],
  ['another kind of event', 'altered', exchanged(8, unfrozen)],
  ['another position', 'altered', withAnswers('unfreeze', accepted(10))],
  ['another id', 'altered', withAnswers('deposit', { ...accepted(5), operationId: 'id-6' })],
  ['another balance', 'altered', withAnswers('deposit', { ...accepted(5), balanceMinor: 99n })],
  ['another number for an account', 'altered', withAnswers('open-1', { ...accepted(2), opened: '2' })],
  [
    'another reason of the decline',
    'altered',
    withAnswers('withdraw', { outcome: 'rejected', code: 'account_frozen' }),
  ],
  [
    'a reversal of something else',
    'altered',
    exchanged(10, {
      type: 'EntryReversed',
      currency: 'EUR',
      postings: reversalPostings,
      reversedPosition: 5,
      reason: 'r',
    }),
  ],
  ['an acknowledged command twice', 'doubled', withJournal((events) => [...events, at(12, 'unfreeze', unfrozen)])],
  [
    'an unanswered command twice',
    'doubled',
    withJournal((events) => [...events, at(12, 'never', unfrozen), at(13, 'never', unfrozen)]),
  ],
  [
    'an opening twice',
    'doubled',
    withJournal((events) => [...events, at(12, 'open-1', registered('3')), at(13, 'open-1', opened('3'))]),
  ],
  ['a customer registered twice', 'doubled', withJournal((events) => [...events, at(12, 'open-1', registered('3'))])],
  [
    'declined, and carried out',
    'effect of a rejection',
    withAnswers('deposit', { outcome: 'rejected', code: 'account_frozen' }),
  ],
  [
    'refused, and carried out',
    'effect of a rejection',
    withAnswers('deposit', { outcome: 'rejected', code: 'validation_failed' }),
  ],
  ['an event nobody asked for', 'unasked', withJournal((events) => [...events, at(12, 'whose', unfrozen)])],
  [
    'the same key answered otherwise',
    'another answer',
    withAnswers('deposit', { ...accepted(5) }, { outcome: 'rejected', code: 'account_frozen' }),
  ],
  [
    'asked later, and earlier in the journal',
    'order',
    {
      ...sound,
      operations: operations.map((one) =>
        one.command.commandId === 'transfer' ? { ...one, askedMs: 100, answeredMs: 110 } : one,
      ),
    },
  ],
  ['a gap', 'broken history', withJournal((events) => events.filter(({ position }) => position !== 7))],
  [
    'an event recorded before the one before it',
    'broken history',
    withJournal((events) =>
      events.map((one) =>
        one.position === 6 ? { ...one, metadata: { ...one.metadata, recordedAt: '2025-12-31T23:59:59.999Z' } } : one,
      ),
    ),
  ],
  [
    'a posting whose balance does not follow',
    'broken history',
    exchanged(5, {
      type: 'Deposited',
      currency: 'EUR',
      postings: postings(['cash:desk', -100n, 1, -100n], ['1', 100n, 1, 101n]),
    }),
  ],
  [
    'postings that leave money over',
    'unbalanced',
    exchanged(5, {
      type: 'Deposited',
      currency: 'EUR',
      postings: postings(['cash:desk', -99n, 1, -99n], ['1', 100n, 1, 100n]),
    }),
  ],
  ['balances that leave money over', 'unbalanced', shownAs({ balanceMinor: 101n })],
  [
    'an account below its floor',
    'overdrawn',
    exchanged(6, {
      type: 'Transferred',
      currency: 'EUR',
      postings: postings(['1', -130n, 2, -30n], ['2', 130n, 1, 130n]),
    }),
  ],
  ['a read of an earlier position than was seen', 'stale read', withRead({ position: 4 })],
  ['a balance that had ended', 'stale read', withRead({ after: 6, position: 6 })],
  [
    'the same without its version',
    'stale read',
    {
      ...withRead({ after: 4, position: 5, balanceMinor: 0n, account: '1' }),
      reads: [{ reader: 'r', account: '1', after: 4, position: 5, balanceMinor: 0n }],
    },
  ],
  ['a balance that never was', 'wrong read', withRead({ balanceMinor: 5n })],
  ['a balance at another version', 'wrong read', withRead({ version: 2 })],
  ['a sum of all balances that is not zero', 'money missing', { ...sound, totals: [{ reader: 'r', totalMinor: 1n }] }],
  ['money on the way between two accounts', 'money missing', withSnapshot({ accounts: [seventy], totalMinor: 100n })],
  ['one account before, another after a transfer', 'torn read', withSnapshot({ accounts: [hundred, thirty] })],
  ['all accounts as they were before', 'stale read', withSnapshot({ after: 10 })],
  [
    'accounts as they never were',
    'wrong read',
    withSnapshot({ accounts: [{ ...seventy, balanceMinor: 71n }, thirty] }),
  ],
  ['another balance in the read model', 'read model', shownAs({ balanceMinor: 99n })],
  ['another version in the read model', 'read model', shownAs({ version: 2 })],
  ['another status in the read model', 'read model', shownAs({ status: 'frozen' })],
  ['an account missing from the read model', 'read model', { ...sound, shown: sound.shown.slice(1) }],
  [
    'an account of the read model alone',
    'read model',
    { ...sound, shown: [...sound.shown, { account: '9', balanceMinor: 0n, version: 0, status: 'open' }] },
  ],
  [
    'tables that a rebuild makes otherwise',
    'rebuild',
    { ...sound, notAsRebuilt: [{ table: 'entries', differing: 1 }] },
  ],
];

test.each(planted)('sees: %s', (_what, kind, evidence) => {
  expect(findDifferences(evidence).map((found) => found.kind)).toContain(kind);
});

test('every kind of difference is planted', () => {
  const kinds: Record<DifferenceKind, true> = {
    ...{ missing: true, altered: true, doubled: true, 'effect of a rejection': true, unasked: true },
    ...{ 'another answer': true, order: true, 'broken history': true, unbalanced: true, overdrawn: true },
    ...{
      'stale read': true,
      'wrong read': true,
      'torn read': true,
      'money missing': true,
      'read model': true,
      rebuild: true,
    },
  };
  expect(new Set(planted.map(([, kind]) => kind))).toEqual(new Set(Object.keys(kinds)));
});
