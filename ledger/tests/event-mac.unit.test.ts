/** The code that says that the bank wrote an event: of every byte of it, at its position, under one key. */
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { checkMac, macOf, withMac } from '../src/journal/event-mac.ts';
import type { JournalEvent } from '../src/journal/journal.ts';
import { testMacKey } from './support/mac-key.ts';

const bare: JournalEvent = {
  position: 7,
  id: '0b1de5f6-6f4c-4dc5-9bb2-9e0b5fb0f6f4',
  type: 'Deposited',
  data: '{"currency":"EUR"}',
  metadata: '{"commandId":"a:b","schemaVersion":"1"}',
};
const event = { ...bare, metadata: withMac(bare.metadata, macOf(testMacKey, bare)) };

test('what the bank wrote is right, and is still the JSON it was', () => {
  expect(checkMac(testMacKey, event)).toBe('right');
  expect(JSON.parse(event.metadata)).toMatchObject({ commandId: 'a:b', schemaVersion: '1' });
  expect(checkMac(testMacKey, { ...event, id: event.id.toUpperCase() })).toBe('right');
});

test.each<[string, Partial<JournalEvent>]>([
  ['its position', { position: 8 }],
  ['its id', { id: event.id.replace('0b', '1b') }],
  ['its type', { type: 'Withdrawn' }],
  ['a byte of its data', { data: '{"currency":"EUS"}' }],
  ['a byte of its metadata', { metadata: event.metadata.replace('a:b', 'a:c') }],
  ['a byte that moved from one field into the next', { type: 'Deposite', data: `d\n${event.data}` }],
  ['the code itself', { metadata: withMac(bare.metadata, 'A'.repeat(22)) }],
])('another value of %s is wrong', (_, altered) => {
  expect(checkMac(testMacKey, { ...event, ...altered })).toBe('wrong');
});

test('the code of another key is wrong', () => {
  expect(checkMac(createSecretKey(Buffer.alloc(32, 8)), event)).toBe('wrong');
});

test.each([
  ['none', bare.metadata],
  ['one that is not the last field', event.metadata.replace('}', ',"x":"y"}')],
  ['one of another length', withMac(bare.metadata, 'A'.repeat(21))],
  ['no JSON', 'damaged'],
])('metadata with %s has no code', (_, metadata) => {
  expect(checkMac(testMacKey, { ...event, metadata })).toBe('absent');
});
