/** A log in tiles (c2sp.org/tlog-tiles): where each lies, and the hashes of a tree made anew, tile by tile, from its leaves. */
import { concat, equal } from './bytes.js';
import { emptyRoot, nodeHash } from './tree.js';

/**
 * @typedef {import('./sha256.js').Sha256} Sha256
 * @typedef {(path: string) => Promise<Uint8Array | undefined>} Read A file of the log by its path; undefined where there is none.
 */

export const tileWidth = 256;

/** `1234067` is `x001/x234/067`. @param {number} number */
function tileNumber(number) {
  const groups =
    String(number)
      .padStart(Math.ceil(String(number).length / 3) * 3, '0')
      .match(/.{3}/g) ?? [];
  return groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
}

/**
 * The content of a tile or bundle of this width; a wider one begins with it.
 * @param {Read} read
 * @param {number | 'entries' | 'events'} level
 * @param {number} number
 * @param {number} width
 */
export async function readTile(read, level, number, width) {
  const path = `tile/${level}/${tileNumber(number)}`;
  if (width === tileWidth) return read(path);
  return (await read(`${path}.p/${width}`)) ?? read(path);
}

/**
 * The hash over hashes of one level, of which a last smaller subtree may follow: perfect subtrees, joined from the right.
 * @param {readonly Uint8Array[]} hashes
 * @param {Uint8Array | undefined} rest
 * @param {Sha256} sha256
 */
export async function joinHashes(hashes, rest, sha256) {
  let joined = rest;
  let end = hashes.length;
  for (let width = 1; end > 0; width *= 2) {
    if (Math.floor(end / width) % 2 === 0) continue;
    const subtree = await perfect(hashes.slice(end - width, end), sha256);
    joined = joined === undefined ? subtree : await nodeHash(subtree, joined, sha256);
    end -= width;
  }
  return joined;
}

/** @param {readonly Uint8Array[]} hashes a power of two of them @param {Sha256} sha256 @returns {Promise<Uint8Array>} */
async function perfect(hashes, sha256) {
  let level = hashes;
  while (level.length > 1) {
    /** @type {Uint8Array[]} */
    const above = [];
    for (let at = 0; at < level.length; at += 2) {
      above.push(
        await nodeHash(/** @type {Uint8Array} */ (level[at]), /** @type {Uint8Array} */ (level[at + 1]), sha256),
      );
    }
    level = above;
  }
  return /** @type {Uint8Array} */ (level[0]);
}

/** Makes the tiles of a tree from its leaves, in order, and compares each with the one that the log keeps. Eight kilobytes a level. */
export class TileComparison {
  /** @type {{ number: number, hashes: Uint8Array[] }[]} */
  #levels = [];

  /**
   * @param {Read} read
   * @param {Sha256} sha256
   * @param {(sentence: string) => void} report what differs
   */
  constructor(read, sha256, report) {
    this.read = read;
    this.sha256 = sha256;
    this.report = report;
  }

  /** @param {Uint8Array} hash */
  async add(hash, level = 0) {
    const tile = (this.#levels[level] ??= { number: 0, hashes: [] });
    tile.hashes.push(hash);
    if (tile.hashes.length < tileWidth) return;
    await this.#compare(level);
    const above = await perfect(tile.hashes, this.sha256);
    this.#levels[level] = { number: tile.number + 1, hashes: [] };
    await this.add(above, level + 1);
  }

  /** The root of all that was added; the last tiles of each level are compared, too. */
  async end() {
    /** @type {Uint8Array | undefined} */
    let root;
    for (const [level, { hashes }] of this.#levels.entries()) {
      if (hashes.length > 0) await this.#compare(level);
      root = await joinHashes(hashes, root, this.sha256);
    }
    return root ?? emptyRoot(this.sha256);
  }

  /** @param {number} level */
  async #compare(level) {
    const { number, hashes } = /** @type {{ number: number, hashes: Uint8Array[] }} */ (this.#levels[level]);
    const kept = await readTile(this.read, level, number, hashes.length);
    const made = concat(...hashes);
    if (kept === undefined) return this.report(`Tile ${number} of level ${level} is missing.`);
    if (equal(kept.slice(0, made.length), made)) return undefined;
    const at = hashes.findIndex((hash, place) => !equal(kept.slice(place * 32, place * 32 + 32), hash));
    const where = level === 0 ? `at position ${number * tileWidth + at + 1}` : `in its hash ${at + 1}`;
    return this.report(`Tile ${number} of level ${level} differs from its entries ${where}.`);
  }
}
