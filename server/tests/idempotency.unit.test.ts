/** Idempotency: the same content has the same hash, anything else another, and the PIN is no part of it. */
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { openAccount } from '../../api/src/calls/accounts.ts';
import { deposit, withdraw } from '../../api/src/calls/money.ts';
import {
  canonicalJson,
  commandIds,
  isIdempotencyKey,
  isUuid,
  requestHash,
  requestHashWithPin,
} from '../src/http/idempotency.ts';

const key = createSecretKey(Buffer.alloc(32, 1));

test('the order of fields does not matter, the PIN does not, everything else does', () => {
  const hash = requestHash(key, deposit, { amount: '20.00', pin: '1234' });
  expect(hash).toMatch(/^[\w-]{22}$/);
  expect(requestHash(key, deposit, { pin: '9999', amount: '20.00' })).toBe(hash);
  expect(requestHash(key, deposit, { pin: '1234', amount: '20.01' })).not.toBe(hash);
  expect(requestHash(key, withdraw, { pin: '1234', amount: '20.00' })).not.toBe(hash);
  expect(requestHash(createSecretKey(Buffer.alloc(32, 2)), deposit, { pin: '1234', amount: '20.00' })).not.toBe(hash);
});

test('where the PIN is what is asked for, another PIN is another request', () => {
  const hash = (pin: string) => requestHashWithPin(key, openAccount, { pin, city: 'Paris' });
  expect(hash('2527')).toBe(requestHashWithPin(key, openAccount, { city: 'Paris', pin: '2527' }));
  expect(hash('2528')).not.toBe(hash('2527'));
});

test('a UUID has 122 random bits', () => {
  expect(isUuid('3c2b4b8e-9c46-4f0e-9f5a-0d8a2b9f6f11')).toBe(true);
  for (const bad of [
    '1',
    '00000000-0000-0000-0000-000000000000',
    '3c2b4b8e9c464f0e9f5a0d8a2b9f6f11',
    'x3c2b4b8e-9c46-4f0e-9f5a-0d8a2b9f6f11',
  ]) {
    expect(isUuid(bad)).toBe(false);
  }
});

test('canonical JSON', () => {
  expect(canonicalJson({ b: [1, { d: null, c: 'x"' }], a: true })).toBe('{"a":true,"b":[1,{"c":"x\\"","d":null}]}');
});

test('a key is 1 to 128 visible ASCII characters', () => {
  expect(isIdempotencyKey('a'.repeat(128))).toBe(true);
  for (const bad of [undefined, '', 'a b', 'é', 'a'.repeat(129), 'a\tb']) expect(isIdempotencyKey(bad)).toBe(false);
});

test('the longest command id fits the journal’s 200 characters', () => {
  const longest = 'k'.repeat(128);
  expect(commandIds.ofOpening('t'.repeat(60), longest).length).toBeLessThanOrEqual(200);
  expect(commandIds.ofBatch('u'.repeat(24), longest, 'i'.repeat(36)).length).toBeLessThanOrEqual(200);
  expect(commandIds.ofAccount('9'.repeat(15), longest).length).toBeLessThanOrEqual(200);
});
