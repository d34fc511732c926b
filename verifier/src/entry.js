/** The tree's entry of the form gl1: commitments to an event and to its parts, and how one part is opened alone. */
import { concat, equal, fromDecimal, fromHex, fromUtf8, toHex, utf8 } from './bytes.js';
import { member, partsOf, toMembers } from './event.js';
import { Failure, unreadable } from './failure.js';
import { webSha256 } from './sha256.js';

/**
 * @typedef {import('./sha256.js').Sha256} Sha256
 * @typedef {import('./event.js').Members} Members
 * @typedef {{ position: number, commitments: readonly Uint8Array[] }} Entry The first commitment is to the whole event.
 * @typedef {{ entry: Uint8Array, position: number, parts: readonly Members[] }} Opening What was opened, and the entry it is of.
 */

const maxOpened = 8;
const maxOpeningLength = 65_536;

/** @param {string} text @returns {Entry | Failure} */
function parseEntry(text) {
  const [form, positionText = '', ...hashes] = text.split('\n');
  const position = fromDecimal(positionText);
  if (form !== 'gl1-entry' || position === undefined || position === 0) {
    return unreadable('The entry is not of the form gl1-entry.');
  }
  const commitments = hashes.flatMap((hash) => fromHex(hash) ?? []);
  if (hashes.length === 0 || commitments.length !== hashes.length || commitments.some(({ length }) => length !== 32)) {
    return unreadable('A commitment of the entry is not 32 bytes in hexadecimal.');
  }
  return { position, commitments };
}

/** @param {Uint8Array} salt @param {string} text @param {Sha256} sha256 */
const commit = (salt, text, sha256) => sha256(concat(utf8('gl1-part\n'), salt, utf8(text)));

/**
 * The entry that follows from the whole event.
 * @param {Uint8Array} eventBytes
 * @param {import('./event.js').Event} event
 * @param {Sha256} sha256
 */
export async function entryOf(eventBytes, event, sha256 = webSha256) {
  const seed = await sha256(Uint8Array.from(eventBytes));
  const commitments = [await sha256(concat(utf8('gl1-event\n'), seed))];
  for (const [at, text] of partsOf(event).entries()) {
    const salt = await sha256(concat(utf8(`gl1-salt\n${at}\n`), seed));
    commitments.push(await commit(salt, text, sha256));
  }
  return utf8(['gl1-entry', event.position, ...commitments.map(toHex)].join('\n'));
}

/**
 * Reads an opening and checks each opened part against the entry's commitment to it.
 * @param {Uint8Array} bytes
 * @param {Sha256} sha256
 * @returns {Promise<Opening | Failure>}
 */
export async function checkOpening(bytes, sha256 = webSha256) {
  const text = bytes.length > maxOpeningLength ? undefined : fromUtf8(bytes);
  const [, entryText = '', opened = ''] = /^gl1-opening\n(gl1-entry\n[^]*?)\n\n([^]*)$/.exec(text ?? '') ?? [];
  const entry = parseEntry(entryText);
  if (entry instanceof Failure) return entry;
  const lines = opened.split('\n');
  if (lines.pop() !== '' || lines.length === 0 || lines.length % 2 !== 0 || lines.length > 2 * maxOpened) {
    return unreadable(`The receipt does not open one to ${maxOpened} parts of its entry, in two lines each.`);
  }
  /** @type {Members[]} */
  const parts = [];
  let before = -1;
  for (let at = 0; at < lines.length; at += 2) {
    const part = await checkPart(entry, lines[at] ?? '', lines[at + 1] ?? '', before, sha256);
    if (part instanceof Failure) return part;
    parts.push(part.members);
    before = part.number;
  }
  return { entry: utf8(entryText), position: entry.position, parts };
}

/**
 * @param {Entry} entry
 * @param {string} head number and salt
 * @param {string} text
 * @param {number} before the number of the part before
 * @param {Sha256} sha256
 */
async function checkPart({ position, commitments }, head, text, before, sha256) {
  const [, numberText = '', saltText = ''] = /^(\d+) ([0-9a-f]{64})$/.exec(head) ?? [];
  const [number, salt] = [fromDecimal(numberText), fromHex(saltText)];
  if (number === undefined || salt === undefined || number <= before) {
    return unreadable('A part of the receipt does not begin with its number, rising, and its salt.');
  }
  const commitment = commitments[number + 1];
  if (commitment === undefined || !equal(commitment, await commit(salt, text, sha256))) {
    return new Failure('other_entry', `What the receipt says is not what the bank committed to (part ${number}).`);
  }
  const members = toMembers(text);
  if (members === undefined || typeof member(members, 'part') !== 'string')
    return unreadable(`Part ${number} is not a JSON object.`);
  if (member(members, 'position') !== position) {
    return new Failure('other_entry', `Part ${number} is of another position than its entry, ${position}.`);
  }
  return { number, members };
}
