/** Sealing: what is sealed opens only with the same key, for the same owner, unaltered. */
import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { seal, unseal } from '../src/vault/seal.ts';

const key = Buffer.alloc(32, 7);
const plain = Buffer.from('secret');

test('gives back what was sealed, and never the same bytes twice', () => {
  const [one, other] = [seal(key, plain, 'zoe'), seal(key, plain, 'zoe')];
  expect(unseal(key, one, 'zoe')).toEqual(plain);
  expect(one).not.toEqual(other);
  expect(unseal(key, seal(key, Buffer.alloc(0), 'zoe'), 'zoe')).toEqual(Buffer.alloc(0));
});

test('opens what existing databases hold: nonce, ciphertext, tag', () => {
  const stored = Buffer.from('09090909090909090909090954e0e7e6db843221db92399c5e07ad6dbd53a996bc19', 'hex');
  expect(unseal(key, stored, 'zoe')).toEqual(plain);
});

test('does not open with another key, for another owner, altered or cut', () => {
  const sealed = seal(key, plain, 'zoe');
  expect(() => unseal(randomBytes(32), sealed, 'zoe')).toThrow();
  expect(() => unseal(key, sealed, 'ugo')).toThrow();
  for (let index = 0; index < sealed.length; index++) {
    const altered = Buffer.from(sealed);
    altered[index] = (altered[index] ?? 0) ^ 1;
    expect(() => unseal(key, altered, 'zoe')).toThrow();
  }
  for (const length of [0, 12, 27, sealed.length - 1]) {
    expect(() => unseal(key, sealed.subarray(0, length), 'zoe')).toThrow();
  }
});
