/** The Merkle tree of RFC 6962: leaves, nodes, and whether a proof leads to a root (RFC 9162 §2.1.3.2 and §2.1.4.2). */
import { concat, equal } from './bytes.js';
import { webSha256 } from './sha256.js';

/** @typedef {import('./sha256.js').Sha256} Sha256 */

const [leafPrefix, nodePrefix] = [Uint8Array.of(0), Uint8Array.of(1)];
/** A tree of 2⁵³ entries is 53 high; a consistency proof may hold one hash more. */
export const maxProofHashes = 63;

/**
 * @param {Uint8Array} entry
 * @param {Sha256} sha256
 */
export const leafHash = (entry, sha256 = webSha256) => sha256(concat(leafPrefix, entry));

/**
 * @param {Uint8Array} left
 * @param {Uint8Array} right
 * @param {Sha256} sha256
 */
export const nodeHash = (left, right, sha256 = webSha256) => sha256(concat(nodePrefix, left, right));

/** @param {Sha256} sha256 */
export const emptyRoot = (sha256 = webSha256) => sha256(new Uint8Array());

/** Not `>> 1`, which is of 32 bits. @param {number} value */
const half = (value) => Math.floor(value / 2);
/** @param {number} value */
const isOdd = (value) => value % 2 === 1;

/** @param {readonly Uint8Array[]} hashes */
const areHashes = (hashes) => hashes.length <= maxProofHashes && hashes.every(({ length }) => length === 32);

/**
 * Whether the leaf stands at `index` of the tree of `size` entries with this root.
 * @param {{ index: number, size: number, leaf: Uint8Array, hashes: readonly Uint8Array[], root: Uint8Array }} claim
 * @param {Sha256} sha256
 */
export async function isIncluded({ index, size, leaf, hashes, root }, sha256 = webSha256) {
  if (!areHashes([...hashes, leaf]) || !(index >= 0 && index < size)) return false;
  let [place, last, hash] = [index, size - 1, leaf];
  for (const sibling of hashes) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      hash = await nodeHash(sibling, hash, sha256);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      hash = await nodeHash(hash, sibling, sha256);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(hash, root);
}

/**
 * Whether the tree of `newSize` entries begins with all entries of the tree of `oldSize`.
 * @param {{ oldSize: number, oldRoot: Uint8Array, newSize: number, newRoot: Uint8Array, hashes: readonly Uint8Array[] }} claim
 * @param {Sha256} sha256
 */
export async function isConsistent({ oldSize, oldRoot, newSize, newRoot, hashes }, sha256 = webSha256) {
  if (oldSize > newSize || !areHashes(hashes)) return false;
  if (oldSize === newSize) return hashes.length === 0 && equal(oldRoot, newRoot);
  if (oldSize === 0) return hashes.length === 0 && equal(oldRoot, await emptyRoot(sha256));
  let [place, last] = [oldSize - 1, newSize - 1];
  while (isOdd(place)) [place, last] = [half(place), half(last)];
  // Where the old tree is full, its root begins the path.
  const [first, ...rest] = place === 0 ? [oldRoot, ...hashes] : hashes;
  if (first === undefined) return false;
  let [ofOld, ofNew] = [first, first];
  for (const sibling of rest) {
    if (last === 0) return false;
    if (isOdd(place) || place === last) {
      ofOld = await nodeHash(sibling, ofOld, sha256);
      ofNew = await nodeHash(sibling, ofNew, sha256);
      while (!isOdd(place) && place !== 0) [place, last] = [half(place), half(last)];
    } else {
      ofNew = await nodeHash(ofNew, sibling, sha256);
    }
    [place, last] = [half(place), half(last)];
  }
  return last === 0 && equal(ofOld, oldRoot) && equal(ofNew, newRoot);
}
