/** Trees of many sizes: every proof leads to its root, and no single changed bit does. */
import { expect, test } from 'vitest';
import { isConsistent, isIncluded } from '../src/tree.js';
import { consistencyOf, inclusionOf, rootOf, sha256 } from './build.ts';

const entries = Array.from({ length: 600 }, (_, at) => Buffer.from(`entry ${String(at)}`));
const roots = entries.map((_, at) => rootOf(entries.slice(0, at + 1)));
const root = (size: number): Buffer => (size === 0 ? sha256() : (roots[size - 1] as Buffer));
const leaf = (index: number): Buffer => sha256(Uint8Array.of(0), entries[index] as Buffer);
/** Synchronous, so that hundreds of thousands of checks take seconds. */
const hash = (bytes: Uint8Array): Buffer => sha256(bytes);

/** Each copy of the bytes that differs in one bit. */
const flipped = (bytes: Buffer): readonly Buffer[] =>
  Array.from({ length: bytes.length * 8 }, (_, bit) => {
    const copy = Buffer.from(bytes);
    copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    return copy;
  });
const numbersOneBitAway = (value: number): readonly number[] =>
  Array.from({ length: 12 }, (_, bit) => value ^ (1 << bit));

/** All sizes up to 40, those around powers of two, and some others. */
const sizes = Array.from({ length: 600 }, (_, at) => at + 1).filter(
  (size) => size <= 40 || Math.abs(size - 2 ** Math.round(Math.log2(size))) <= 1 || size % 97 === 0 || size === 600,
);

test('every inclusion proof is proven, at no other index and for no other leaf', async () => {
  for (const size of sizes) {
    for (let index = 0; index < size; index += size <= 40 ? 1 : 13) {
      const claim = {
        index,
        size,
        leaf: leaf(index),
        hashes: inclusionOf(index, entries.slice(0, size)),
        root: root(size),
      };
      expect(await isIncluded(claim, hash), `${String(index)} of ${String(size)}`).toBe(true);
      for (const other of numbersOneBitAway(index)) {
        expect(
          await isIncluded({ ...claim, index: other }, hash),
          `${String(index)}→${String(other)} of ${String(size)}`,
        ).toBe(false);
      }
      expect(await isIncluded({ ...claim, leaf: leaf((index + 1) % 600) }, hash)).toBe(false);
      expect(await isIncluded({ ...claim, hashes: [...claim.hashes, root(1)] }, hash)).toBe(false);
      expect(await isIncluded({ ...claim, hashes: claim.hashes.slice(1) }, hash)).toBe(size === 1);
    }
  }
});

test('every consistency proof is proven, and for no other old size', async () => {
  for (const newSize of sizes) {
    for (let oldSize = 0; oldSize <= newSize; oldSize += newSize <= 40 ? 1 : 17) {
      const hashes = consistencyOf(oldSize, entries.slice(0, newSize));
      const claim = { oldSize, oldRoot: root(oldSize), newSize, newRoot: root(newSize), hashes };
      expect(await isConsistent(claim, hash), `${String(oldSize)} to ${String(newSize)}`).toBe(true);
      for (const other of numbersOneBitAway(oldSize)) {
        // Of the empty tree every other is a continuation: what would be proven is that its root is that of no entries.
        expect(await isConsistent({ ...claim, oldSize: other }, hash)).toBe(false);
      }
      expect(await isConsistent({ ...claim, hashes: [...hashes, root(1)] }, hash)).toBe(false);
      expect(await isConsistent({ ...claim, newRoot: leaf(0), oldRoot: root(oldSize) }, hash)).toBe(
        oldSize === 0 || newSize === 1,
      );
    }
  }
});

test('a proof that ends below the root is not proven, even to the hash at which it ends', async () => {
  for (const [index, from, to] of [
    [5, 4, 8],
    [5, 4, 6],
    [0, 0, 4],
  ] as const) {
    const hashes = inclusionOf(index - from, entries.slice(from, to));
    const claim = { index, leaf: leaf(index), hashes, root: rootOf(entries.slice(from, to)) };
    expect(await isIncluded({ ...claim, size: 8 }, hash)).toBe(false);
    expect(await isIncluded({ ...claim, index: index - from, size: to - from }, hash)).toBe(true);
  }
});

test.each([1, 2, 3, 7, 8, 9, 64, 100, 255, 256, 257, 600])(
  'a bit changed in a hash, the leaf or a root of a tree of %i is found',
  async (size) => {
    const index = Math.floor(size / 3);
    const hashes = inclusionOf(index, entries.slice(0, size));
    const claim = { index, size, leaf: leaf(index), hashes, root: root(size) };
    for (const other of flipped(claim.root)) expect(await isIncluded({ ...claim, root: other }, hash)).toBe(false);
    for (const other of flipped(claim.leaf)) expect(await isIncluded({ ...claim, leaf: other }, hash)).toBe(false);
    for (const [at, one] of hashes.entries()) {
      for (const other of flipped(one))
        expect(await isIncluded({ ...claim, hashes: hashes.with(at, other) }, hash)).toBe(false);
    }
    const oldSize = Math.ceil(size / 2);
    const proof = consistencyOf(oldSize, entries.slice(0, size));
    const growth = { oldSize, oldRoot: root(oldSize), newSize: size, newRoot: root(size), hashes: proof };
    for (const other of flipped(growth.oldRoot))
      expect(await isConsistent({ ...growth, oldRoot: other }, hash)).toBe(false);
    for (const other of flipped(growth.newRoot))
      expect(await isConsistent({ ...growth, newRoot: other }, hash)).toBe(false);
    for (const [at, one] of proof.entries()) {
      for (const other of flipped(one))
        expect(await isConsistent({ ...growth, hashes: proof.with(at, other) }, hash)).toBe(false);
    }
  },
);
