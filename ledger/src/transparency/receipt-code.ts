/** A proof file packed into the text of a QR code, as docs/verifying.md says. */
import { hash } from 'node:crypto';
import { parseCheckpointText } from './checkpoint.ts';
import type { Opening } from './entry.ts';
import type { Note } from './note.ts';

export type PackedProof = {
  readonly index: number;
  readonly hashes: readonly Buffer[];
  readonly note: Note;
  readonly entry: Buffer;
  readonly openings: readonly Opening[];
};

/** What the bytes from 1 on stand for in a packed part. Receipts are kept for years: the list only grows at its end. */
const abbreviated = [
  ...['{"part":"posting","position":', '{"part":"account","position":', '{"part":"reason","position":'],
  ...['{"part":"origin","position":', ',"type":"', '","recordedAt":"', '","valueDate":"', '","account":"'],
  ...['","amount":"', '","version":', ',"balance":"', '","currency":"', '","counterparty":"', '","reference":"'],
  ...['","label":"', '","reversedPosition":', '"}', 'Transferred', 'Deposited', 'Withdrawn', 'EntryImported'],
  ...['EntryReversed', ',"actor":"', '","terminal":"', '","commandId":"', '","correlationId":"', ',"reason":"'],
  ...['cash:', 'EUR'],
];

const checkBytes = 4;

/** Undefined where it has something that the form does not hold: a checkpoint with further lines, or nothing opened. */
export function receiptCode({ index, hashes, note, entry, openings }: PackedProof): string | undefined {
  const checkpoint = parseCheckpointText(note.text);
  const isPlain = checkpoint !== undefined && note.text.split('\n').length === 4;
  if (!isPlain || openings.length === 0) return undefined;
  const content = Buffer.concat([
    number(index),
    byte(hashes.length),
    ...hashes,
    text(checkpoint.origin),
    number(checkpoint.size),
    checkpoint.root,
    byte(note.signatures.length),
    ...note.signatures.flatMap(({ name, id, signature }) => [
      text(name === checkpoint.origin ? '' : name),
      withLength(Buffer.concat([id, signature])),
    ]),
    ...packedEntry(entry, openings),
  ]);
  const check = hash('sha256', content, 'buffer').subarray(0, checkBytes);
  return `GL1:${base45(Buffer.concat([content, check]))}`;
}

/** The commitments to opened parts are left out: they follow from what is opened. */
function packedEntry(entry: Buffer, openings: readonly Opening[]): readonly Buffer[] {
  const [, , event = '', ...parts] = entry.toString().split('\n');
  const opened = new Set(openings.map((opening) => opening.index));
  const others = [event, ...parts.filter((_commitment, part) => !opened.has(part))];
  return [
    byte(parts.length),
    byte(openings.length),
    ...openings.flatMap((opening) => [byte(opening.index), opening.salt, text(abbreviate(opening.text))]),
    ...others.map((commitment) => Buffer.from(commitment, 'hex')),
  ];
}

const abbreviate = (part: string): string =>
  abbreviated.reduce((shorter, long, place) => shorter.replaceAll(long, String.fromCharCode(place + 1)), part);

const byte = (value: number): Buffer => {
  if (value > 255) throw new RangeError(`${String(value)} does not fit a byte of a receipt's code`);
  return Buffer.of(value);
};

/** Unsigned LEB128. */
function number(value: number): Buffer {
  const groups = [value % 128];
  for (let rest = Math.floor(value / 128); rest > 0; rest = Math.floor(rest / 128)) groups.push(rest % 128);
  return Buffer.from(groups.map((group, place) => (place < groups.length - 1 ? group + 128 : group)));
}

const withLength = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes]);
const text = (characters: string): Buffer => withLength(Buffer.from(characters));

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

/** RFC 9285: two bytes are three digits, a last one alone two; the lowest digit first. */
function base45(bytes: Buffer): string {
  const digit = (value: number, place: number): string => digits.charAt(Math.floor(value / 45 ** place) % 45);
  let encoded = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const isPair = at + 1 < bytes.length;
    const value = isPair ? bytes.readUInt16BE(at) : bytes.readUInt8(at);
    encoded += digit(value, 0) + digit(value, 1) + (isPair ? digit(value, 2) : '');
  }
  return encoded;
}
