/** Idempotency: the same content has the same hash, anything else another, and the PIN is no part of it. */
import { createSecretKey } from 'node:crypto';
import { expect, test } from 'vitest';
import { deposit, withdraw } from '../src/http/contract/money.ts';
import { canonicalJson, commandIds, isIdempotencyKey, requestHash } from '../src/http/idempotency.ts';

const key = createSecretKey(Buffer.alloc(32, 1));

test('the order of fields does not matter, the PIN does not, everything else does', () => {
  const hash = requestHash(key, deposit, { amount: '20.00', pin: '1234' });
  expect(hash).toMatch(/^[\w-]{22}$/);
  expect(requestHash(key, deposit, { pin: '9999', amount: '20.00' })).toBe(hash);
  expect(requestHash(key, deposit, { pin: '1234', amount: '20.01' })).not.toBe(hash);
  expect(requestHash(key, withdraw, { pin: '1234', amount: '20.00' })).not.toBe(hash);
  expect(requestHash(createSecretKey(Buffer.alloc(32, 2)), deposit, { pin: '1234', amount: '20.00' })).not.toBe(hash);
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
