/** A batch: decided against the book as it will be, taken back whole, and never more bytes than a command may have. */
import { expect, test } from 'vitest';
import type { Waiting } from '../src/bookkeeper/batch.ts';
import { decideInto, emptyBatch, mostCommandBytes, undo } from '../src/bookkeeper/batch.ts';
import { liveBook } from '../src/bookkeeper/book.ts';
import { terminalCash } from '../src/bookkeeper/terminal-cash.ts';
import type { Command } from '../src/domain/commands.ts';
import { testMacKey } from './support/mac-key.ts';
import { plentyOfCash } from './support/plenty-of-cash.ts';

const at = {
  after: 0,
  recordedAt: '2026-01-01T00:00:00.000Z',
  day: '2026-01-01',
  cash: terminalCash({ dayOf: () => '2026-01-01', limits: plentyOfCash }),
  newId: () => '00000000-0000-4000-8000-000000000001',
  macKey: testMacKey,
};
const waiting = (command: Command, commandId = 'command'): Waiting => ({
  submission: { command, commandId, requestHash: 'x'.repeat(44), actor: 'a', terminal: 't', correlationId: at.newId() },
  answer: () => undefined,
  fail: () => undefined,
  sentIds: [],
});
const opening = (profile: string): Command => ({
  type: 'OpenAccount',
  customer: { keyId: at.newId(), profile },
  accountType: 'home_savings',
  currency: 'EUR',
  floor: 0n,
});
const deposit = (amount: bigint): Command => ({
  type: 'Deposit',
  account: '1',
  amount,
  currency: 'EUR',
  terminal: 't',
});

test('decides each command on what the ones before it leave, and takes all of it back', () => {
  const book = liveBook();
  const [first, second] = [emptyBatch(), emptyBatch()];
  decideInto(first, book, waiting(opening('sealed')), at);
  decideInto(first, book, waiting(deposit(5n)), at);
  decideInto(second, book, waiting(deposit(7n)), { ...at, after: first.events.length });
  expect(second.decided[0]?.outcome).toMatchObject({
    position: 4,
    recorded: [{ position: 4, event: { postings: [{ balance: -12n }, { account: '1', version: 2, balance: 12n }] } }],
  });
  undo(second);
  undo(first);
  expect([book.accountCount, book.account('1'), book.account('cash:t')]).toEqual([0, undefined, undefined]);
  expect([book.nextAccount(), book.nextCustomer(), book.hasCustomer('1')]).toEqual(['1', '1', false]);
});

test('counts the bytes of its events, and none for a rejection that leaves no trace', () => {
  const batch = emptyBatch();
  decideInto(batch, liveBook(), waiting({ type: 'RecordPinChange', account: '1' }), at);
  expect([batch.decided.length, batch.events.length, batch.bytes]).toEqual([1, 0, 0]);
  decideInto(batch, liveBook(), waiting(opening('é')), at);
  const bytes = batch.events.map(({ data, metadata }) => Buffer.byteLength(data) + Buffer.byteLength(metadata));
  expect(batch.bytes).toBe((bytes[0] ?? 0) + (bytes[1] ?? 0));
});

test('a declined command is an event of its batch, under its key', () => {
  const batch = emptyBatch();
  decideInto(batch, liveBook(), waiting(deposit(5n)), at);
  const rejection = { code: 'account_not_found', account: '1' };
  const event = { type: 'CommandDeclined', account: '1', command: 'Deposit', code: rejection.code, about: '1' };
  expect(batch.decided[0]?.outcome).toMatchObject({
    ...{ accepted: false, rejection, replayed: false },
    declined: { position: 1, event: { ...event, amount: 5n, currency: 'EUR' }, metadata: { commandId: 'command' } },
  });
  expect(batch.events.map(({ type }) => type)).toEqual(['CommandDeclined']);
});

test('the largest command stays below the bytes that a batch reserves for it', () => {
  // Seven texts of 200 characters that JSON writes as six bytes each, sealed: nonce and tag, in base64.
  const profile = JSON.stringify(Array.from({ length: 7 }, () => '\u0001'.repeat(200)));
  const sealed = Buffer.alloc(28 + Buffer.byteLength(profile) + 200).toString('base64url');
  const batch = emptyBatch();
  decideInto(batch, liveBook(), waiting(opening(sealed), 'k'.repeat(200)), at);
  expect(batch.events).toHaveLength(2);
  expect(batch.bytes).toBeLessThan(mostCommandBytes);
});
