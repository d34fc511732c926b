/** Whether one checkpoint's tree goes on where another's ended: a consistency proof made from the log's tiles, and checked. */
import { Failure } from './failure.js';
import { webSha256 } from './sha256.js';
import { joinHashes, readTile, tileWidth } from './tiles.js';
import { isConsistent, nodeHash } from './tree.js';

/** @typedef {import('./sha256.js').Sha256} Sha256 */

/**
 * Undefined when `newer` begins with all entries of `older`. The tiles are not trusted: the proof made from them has to hold.
 * @param {import('./checkpoint.js').Checkpoint} older
 * @param {import('./checkpoint.js').Checkpoint} newer
 * @param {import('./tiles.js').Read} read
 * @param {Sha256} sha256
 * @returns {Promise<Failure | undefined>}
 */
export async function checkGrowth(older, newer, read, sha256 = webSha256) {
  if (older.origin !== newer.origin) {
    return new Failure('other_log', `The checkpoints are of two logs, ${older.origin} and ${newer.origin}.`);
  }
  if (older.size > newer.size) {
    return new Failure(
      'not_consistent',
      `The later checkpoint has ${newer.size} entries, the earlier ${older.size}: entries were cut off.`,
    );
  }
  const hashes = await new Subtrees(read, newer.size, sha256).consistency(older.size);
  if (hashes instanceof Failure) return hashes;
  const sizes = { oldSize: older.size, newSize: newer.size };
  if (await isConsistent({ ...sizes, oldRoot: older.root, newRoot: newer.root, hashes }, sha256)) return undefined;
  return new Failure(
    'not_consistent',
    `The log at ${newer.size} entries does not go on from the ${older.size} that were signed before: history was changed, or the tiles are damaged.`,
  );
}

/** Hashes of subtrees, from the tiles of a tree of `size` entries. */
class Subtrees {
  /** @param {import('./tiles.js').Read} read @param {number} size @param {Sha256} sha256 */
  constructor(read, size, sha256) {
    this.read = read;
    this.size = size;
    this.sha256 = sha256;
  }

  /** RFC 6962 §2.1.2, from the end of the old tree to the whole. @param {number} oldSize */
  async consistency(oldSize) {
    /** @type {[start: number, end: number][]} */
    const ranges = [];
    if (oldSize === 0 || oldSize === this.size) return [];
    let [start, end, isOldTree] = [0, this.size, true];
    while (oldSize !== end) {
      const middle = start + largestPower(end - start);
      if (oldSize <= middle) {
        ranges.push([middle, end]);
        end = middle;
      } else {
        ranges.push([start, middle]);
        [start, isOldTree] = [middle, false];
      }
    }
    if (!isOldTree) ranges.push([start, end]);
    /** @type {Uint8Array[]} */
    const hashes = [];
    for (const [from, to] of ranges.reverse()) {
      const hash = await this.#hash(from, to);
      if (hash === undefined)
        return new Failure('incomplete', `The tiles over positions ${from + 1} to ${to} are missing or damaged.`);
      hashes.push(hash);
    }
    return hashes;
  }

  /**
   * The hash over the entries from `start` up to `end`: perfect subtrees are taken from the tiles, which hold them or their parts.
   * @param {number} start
   * @param {number} end
   * @returns {Promise<Uint8Array | undefined>}
   */
  async #hash(start, end) {
    const middle = start + largestPower(end - start);
    if (end - start === 1 || end - middle === middle - start) return this.#perfect(start, end - start);
    const [left, right] = [await this.#perfect(start, middle - start), await this.#hash(middle, end)];
    return left === undefined || right === undefined ? undefined : nodeHash(left, right, this.sha256);
  }

  /** @param {number} start @param {number} count a power of two that divides `start` */
  async #perfect(start, count) {
    let [level, width] = [0, 1];
    while (width * tileWidth <= count) [level, width] = [level + 1, width * tileWidth];
    const [from, length] = [start / width, count / width];
    const number = Math.floor(from / tileWidth);
    const tileLength = Math.min(tileWidth, Math.floor(this.size / width) - number * tileWidth);
    const tile = await readTile(this.read, level, number, tileLength);
    if (tile === undefined || tile.length < tileLength * 32) return undefined;
    const at = from - number * tileWidth;
    const hashes = Array.from({ length }, (_, place) => tile.slice((at + place) * 32, (at + place + 1) * 32));
    return joinHashes(hashes, undefined, this.sha256);
  }
}

/** The largest power of two smaller than `size`. @param {number} size */
function largestPower(size) {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}
