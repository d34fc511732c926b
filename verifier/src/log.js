/** A whole exported log: every entry against its event and its tiles, the double entry of all events, the root, the signatures. */
import { equal } from './bytes.js';
import { checkSignatures, parseCheckpoint } from './checkpoint.js';
import { entryOf } from './entry.js';
import { parseEvent } from './event.js';
import { Failure, unreadable } from './failure.js';
import { Book } from './postings.js';
import { webSha256 } from './sha256.js';
import { readTile, TileComparison, tileWidth } from './tiles.js';
import { leafHash } from './tree.js';

/**
 * @typedef {{ code: import('./failure.js').FailureCode, detail: string }} Finding
 * @typedef {{
 *   bank: string, size: number, cosigned: readonly import('./checkpoint.js').Cosigned[],
 *   eventCount: number, accountCount: number, postingCount: number,
 *   findings: readonly Finding[], findingCount: number,
 * }} LogReport Proven when there is no finding; `findings` holds the first of them.
 */

const maxFindings = 100;

/**
 * @param {object} options
 * @param {import('./tiles.js').Read} options.read
 * @param {import('./policy.js').Policy} options.policy
 * @param {boolean} options.hashesOnly the log as the public has it: entries and events are not there, and not checked
 * @param {(checked: number, size: number) => void} [options.onProgress] after each bundle of 256 entries
 * @param {import('./sha256.js').Sha256} [options.sha256]
 * @returns {Promise<LogReport | Failure>}
 */
export async function checkLog({ read, policy, hashesOnly, onProgress = () => undefined, sha256 = webSha256 }) {
  const file = await read('checkpoint');
  if (file === undefined) return unreadable('The folder has no file "checkpoint".');
  const checkpoint = parseCheckpoint(file);
  if (checkpoint instanceof Failure) return checkpoint;
  const { origin, size, root } = checkpoint;
  const check = new LogCheck({ read, sha256, size });
  const cosigned = await checkSignatures(checkpoint, policy);
  if (cosigned instanceof Failure) check.report(cosigned.code, cosigned.detail);
  for (let number = 0; number * tileWidth < size; number += 1) {
    await (hashesOnly ? check.leaves(number) : check.bundle(number));
    onProgress(Math.min(size, (number + 1) * tileWidth), size);
  }
  await check.root(root);
  const { findings, findingCount, eventCount, book } = check;
  const { accountCount, postingCount } = book;
  const signers = cosigned instanceof Failure ? [] : cosigned;
  return { bank: origin, size, cosigned: signers, eventCount, accountCount, postingCount, findings, findingCount };
}

class LogCheck {
  /** @type {Finding[]} */
  findings = [];
  findingCount = 0;
  eventCount = 0;
  book = new Book();

  /** @param {{ read: import('./tiles.js').Read, sha256: import('./sha256.js').Sha256, size: number }} options */
  constructor({ read, sha256, size }) {
    this.read = read;
    this.sha256 = sha256;
    this.size = size;
    this.isWhole = true;
    this.tiles = new TileComparison(read, sha256, (detail) => this.report('not_consistent', detail));
  }

  /** @param {Finding['code']} code @param {string} detail */
  report(code, detail) {
    this.findingCount += 1;
    if (this.findings.length < maxFindings) this.findings.push({ code, detail });
  }

  /** @param {number} number */
  #widthOf(number) {
    return Math.min(tileWidth, this.size - number * tileWidth);
  }

  /** The leaves as the tiles of the lowest level have them. @param {number} number */
  async leaves(number) {
    const width = this.#widthOf(number);
    const tile = await readTile(this.read, 0, number, width);
    if (tile === undefined || tile.length < width * 32) return this.#lose('incomplete', number, 'of hashes');
    for (let at = 0; at < width; at += 1) await this.tiles.add(tile.slice(at * 32, at * 32 + 32));
    return undefined;
  }

  /** @param {number} number */
  async bundle(number) {
    const width = this.#widthOf(number);
    const entries = divide(await readTile(this.read, 'entries', number, width), 2, width);
    const events = divide(await readTile(this.read, 'events', number, width), 4, width);
    if (entries === undefined) this.#lose('incomplete', number, 'of entries');
    if (events === undefined) this.report('incomplete', this.#bundleIs(number, 'of events'));
    for (let at = 0; at < width; at += 1) {
      const position = number * tileWidth + at + 1;
      const [entry, event] = [entries?.[at], events?.[at]];
      if (entry !== undefined) await this.tiles.add(await leafHash(entry, this.sha256));
      if (event !== undefined) await this.#event(position, event, entry);
    }
  }

  /** @param {number} position @param {Uint8Array} bytes @param {Uint8Array | undefined} entry */
  async #event(position, bytes, entry) {
    const event = parseEvent(bytes);
    if (event instanceof Failure)
      return this.report('unreadable', `The event at position ${position}: ${event.detail}`);
    this.eventCount += 1;
    if (event.position !== position) {
      this.report('other_entry', `The event at position ${position} says that it is at ${event.position}.`);
    }
    if (entry !== undefined && !equal(await entryOf(bytes, event, this.sha256), entry)) {
      this.report('other_entry', `The event at position ${position} is not the one that its entry commits to.`);
    }
    for (const wrong of this.book.add(event)) {
      this.report('wrong_sums', `The event at position ${position}: ${wrong}.`);
    }
    return undefined;
  }

  /** @param {Uint8Array} expected */
  async root(expected) {
    if (!this.isWhole) {
      this.report(
        'incomplete',
        'The root could not be computed, because a bundle is missing: the checkpoint is not proven.',
      );
    } else if (!equal(await this.tiles.end(), expected)) {
      this.report('not_consistent', `The ${this.size} entries do not have the root that the checkpoint signs.`);
    }
  }

  /** Without a bundle there is no root. @param {Finding['code']} code @param {number} number @param {string} what */
  #lose(code, number, what) {
    this.isWhole = false;
    this.report(code, this.#bundleIs(number, what));
  }

  /** @param {number} number @param {string} what */
  #bundleIs(number, what) {
    const [first, last] = [number * tileWidth + 1, number * tileWidth + this.#widthOf(number)];
    return `The bundle ${what} of positions ${first} to ${last} is missing or damaged.`;
  }
}

/**
 * The parts of a bundle, each after its length in so many bytes; undefined where they are fewer than asked for, or a partial
 * bundle holds something else.
 * @param {Uint8Array | undefined} bundle
 * @param {2 | 4} lengthBytes
 * @param {number} count
 */
function divide(bundle, lengthBytes, count) {
  if (bundle === undefined) return undefined;
  const view = new DataView(bundle.buffer, bundle.byteOffset, bundle.byteLength);
  /** @type {Uint8Array[]} */
  const parts = [];
  for (let at = 0; parts.length < count;) {
    if (at + lengthBytes > bundle.length) return undefined;
    const length = lengthBytes === 2 ? view.getUint16(at) : view.getUint32(at);
    const end = at + lengthBytes + length;
    if (end > bundle.length) return undefined;
    parts.push(bundle.slice(at + lengthBytes, end));
    at = end;
  }
  return parts;
}
