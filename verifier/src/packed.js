/** A receipt as the text of a QR code: the `.tlog-proof` file of one entry, packed, and unpacked to the same bytes again. */
import { concat, equal, fromUtf8, toBase64, toHex, utf8 } from './bytes.js';
import { unreadable } from './failure.js';
import { webSha256 } from './sha256.js';

export const packedPrefix = 'GL1:';
const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';
/** More than the largest QR code holds. */
const maxPackedLength = 4300;

/** What the bytes 0x01 … stand for in a packed part: in JSON of one line, no such byte occurs. The list only grows at its end. */
export const abbreviations = [
  ...['{"part":"posting","position":', '{"part":"account","position":'],
  ...['{"part":"reason","position":', '{"part":"origin","position":'],
  ...[
    ',"type":"',
    '","recordedAt":"',
    '","valueDate":"',
    '","account":"',
    '","amount":"',
    '","version":',
    ',"balance":"',
  ],
  ...['","currency":"', '","counterparty":"', '","reference":"', '","label":"', '","reversedPosition":', '"}'],
  ...['Transferred', 'Deposited', 'Withdrawn', 'EntryImported', 'EntryReversed'],
  ...[',"actor":"', '","terminal":"', '","commandId":"', '","correlationId":"', ',"reason":"', 'cash:', 'EUR'],
];

/** RFC 9285. @param {string} text */
function fromBase45(text) {
  const digits = Array.from(text, (char) => alphabet.indexOf(char));
  if (digits.includes(-1) || digits.length % 3 === 1) return undefined;
  /** @type {number[]} */
  const bytes = [];
  for (let at = 0; at < digits.length; at += 3) {
    const [a = 0, b = 0, c] = digits.slice(at, at + 3);
    const value = a + 45 * b + 2025 * (c ?? 0);
    if (value > (c === undefined ? 0xff : 0xffff)) return undefined;
    bytes.push(...(c === undefined ? [value] : [value >> 8, value & 0xff]));
  }
  return Uint8Array.from(bytes);
}

/** Thrown by the reader where bytes end too early; never leaves this file. */
class TooShort extends Error {}

class Reader {
  #at = 0;
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }
  /** @param {number} length */
  take(length) {
    const end = this.#at + length;
    if (end > this.bytes.length) throw new TooShort();
    const taken = this.bytes.slice(this.#at, end);
    this.#at = end;
    return taken;
  }
  byte() {
    return this.take(1)[0] ?? 0;
  }
  /** Seven bits a byte, lowest first, the highest bit set but in the last. */
  number() {
    let value = 0;
    for (let factor = 1; factor < 2 ** 53; factor *= 128) {
      const byte = this.byte();
      value += (byte % 128) * factor;
      if (byte < 128) return value;
    }
    throw new TooShort();
  }
  text() {
    const text = fromUtf8(this.take(this.number()));
    if (text === undefined) throw new TooShort();
    return text;
  }
  hashes() {
    return Array.from({ length: this.byte() }, () => this.take(32));
  }
  isAtEnd() {
    return this.#at === this.bytes.length;
  }
}

/**
 * The `.tlog-proof` file that the text of a QR code holds.
 * @param {string} packed
 * @param {import('./sha256.js').Sha256} sha256
 * @returns {Promise<Uint8Array | import('./failure.js').Failure>}
 */
export async function unpack(packed, sha256 = webSha256) {
  const short = packed.length <= maxPackedLength && packed.startsWith(packedPrefix);
  const bytes = short ? fromBase45(packed.slice(packedPrefix.length)) : undefined;
  if (bytes === undefined || bytes.length < 5) return unreadable('The text is not that of a receipt\u2019s QR code.');
  const [content, sum] = [bytes.slice(0, -4), bytes.slice(-4)];
  if (!equal((await sha256(content)).slice(0, 4), sum)) {
    return unreadable('The text of the QR code is not complete, or was changed while it was copied.');
  }
  try {
    return await readContent(new Reader(content), sha256);
  } catch (error) {
    if (error instanceof TooShort) return unreadable('The QR code\u2019s content ends too early.');
    throw error;
  }
}

/** @param {Reader} reader @param {import('./sha256.js').Sha256} sha256 */
async function readContent(reader, sha256) {
  const index = reader.number();
  const hashes = reader.hashes();
  const [origin, size, root] = [reader.text(), reader.number(), reader.take(32)];
  const signatures = Array.from({ length: reader.byte() }, () => {
    const name = reader.text();
    // An empty name is the log's own.
    return `\u2014 ${name === '' ? origin : name} ${toBase64(reader.take(reader.number()))}\n`;
  });
  const opening = await readOpening(reader, index + 1, sha256);
  if (!reader.isAtEnd()) return unreadable('The QR code has more content than a receipt.');
  const lines = ['c2sp.org/tlog-proof@v1', `extra ${toBase64(opening)}`, `index ${index}`, ...hashes.map(toBase64), ''];
  const checkpoint = `${origin}\n${size}\n${toBase64(root)}\n\n${signatures.join('')}`;
  return utf8(`${lines.join('\n')}\n${checkpoint}`);
}

/** The commitments of opened parts are not packed: they follow from salt and text. @param {Reader} reader @param {number} position @param {import('./sha256.js').Sha256} sha256 */
async function readOpening(reader, position, sha256) {
  const count = reader.byte();
  const opened = reader.byte();
  /** @type {Map<number, { salt: Uint8Array, text: string }>} */
  const parts = new Map();
  for (let left = opened; left > 0; left -= 1) {
    parts.set(reader.byte(), { salt: reader.take(32), text: expand(reader.text()) });
  }
  /** @type {string[]} */
  const commitments = [toHex(reader.take(32))];
  for (let at = 0; at < count; at += 1) {
    const part = parts.get(at);
    const hash = part && (await sha256(concat(utf8('gl1-part\n'), part.salt, utf8(part.text))));
    commitments.push(toHex(hash ?? reader.take(32)));
  }
  const lines = [...parts].map(([at, { salt, text }]) => `${at} ${toHex(salt)}\n${text}\n`);
  return utf8(`gl1-opening\n${['gl1-entry', position, ...commitments].join('\n')}\n\n${lines.join('')}`);
}

/** @param {string} text */
const expand = (text) => text.replaceAll(/[\x01-\x1f]/g, (char) => abbreviations[char.charCodeAt(0) - 1] ?? '');
