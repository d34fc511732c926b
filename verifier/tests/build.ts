/** Builds what the verifier checks (trees, notes, cosignatures, openings, packed receipts), written apart from what it tests. */
import type { KeyObject } from 'node:crypto';
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { abbreviations } from '../src/packed.js';

export const sha256 = (...parts: readonly (Uint8Array | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

const leaf = (entry: Uint8Array): Buffer => sha256(Uint8Array.of(0), entry);
const node = (left: Uint8Array, right: Uint8Array): Buffer => sha256(Uint8Array.of(1), left, right);

/** The largest power of two smaller than `size`. */
const split = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** RFC 6962 §2.1, as it is written there: recursive, over all entries. */
export function rootOf(entries: readonly Uint8Array[]): Buffer {
  const [only] = entries;
  if (only === undefined) return sha256();
  if (entries.length === 1) return leaf(only);
  const k = split(entries.length);
  return node(rootOf(entries.slice(0, k)), rootOf(entries.slice(k)));
}

/** RFC 6962 §2.1.1. */
export function inclusionOf(index: number, entries: readonly Uint8Array[]): readonly Buffer[] {
  if (entries.length <= 1) return [];
  const k = split(entries.length);
  return index < k
    ? [...inclusionOf(index, entries.slice(0, k)), rootOf(entries.slice(k))]
    : [...inclusionOf(index - k, entries.slice(k)), rootOf(entries.slice(0, k))];
}

/** RFC 6962 §2.1.2. */
export const consistencyOf = (old: number, entries: readonly Uint8Array[]): readonly Buffer[] =>
  old === 0 ? [] : subproof(old, entries, true);

function subproof(m: number, entries: readonly Uint8Array[], whole: boolean): readonly Buffer[] {
  if (m === entries.length) return whole ? [] : [rootOf(entries)];
  const k = split(entries.length);
  return m <= k
    ? [...subproof(m, entries.slice(0, k), whole), rootOf(entries.slice(k))]
    : [...subproof(m - k, entries.slice(k), false), rootOf(entries.slice(0, k))];
}

export type Signer = { readonly name: string; readonly line: string; readonly keyId: Buffer; readonly key: KeyObject };

/** An Ed25519 key from 32 bytes of seed, for notes (type 1) or cosignatures (type 4). */
export function signer(name: string, type: 1 | 4, seed: Uint8Array): Signer {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
  const typed = Buffer.concat([Uint8Array.of(type), publicKey]);
  const keyId = sha256(`${name}\n`, typed).subarray(0, 4);
  return { name, keyId, key, line: `${name}+${keyId.toString('hex')}+${typed.toString('base64')}` };
}

export const seed = (first: number): Uint8Array => Uint8Array.from({ length: 32 }, (_, at) => (first + at) % 256);

export const signatureLine = ({ name, keyId, key }: Signer, text: string): string =>
  `— ${name} ${Buffer.concat([keyId, sign(null, Buffer.from(text), key)]).toString('base64')}\n`;

export function cosignatureLine({ name, keyId, key }: Signer, text: string, time: number): string {
  const signed = sign(null, Buffer.from(`cosignature/v1\ntime ${String(time)}\n${text}`), key);
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(time));
  return `— ${name} ${Buffer.concat([keyId, at, signed]).toString('base64')}\n`;
}

export const checkpointText = (origin: string, size: number, root: Buffer): string =>
  `${origin}\n${String(size)}\n${root.toString('base64')}\n`;

export const proofFile = (
  extra: Uint8Array | undefined,
  index: number,
  hashes: readonly Buffer[],
  checkpoint: string,
): string =>
  [
    'c2sp.org/tlog-proof@v1',
    ...(extra === undefined ? [] : [`extra ${Buffer.from(extra).toString('base64')}`]),
    `index ${String(index)}`,
    ...hashes.map((hash) => hash.toString('base64')),
    '',
    checkpoint,
  ].join('\n');

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:';

function base45(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 2) {
    const pair = bytes.subarray(at, at + 2);
    let value = pair.reduce((sum, byte) => sum * 256 + byte, 0);
    for (let left = pair.length + 1; left > 0; left -= 1) {
      text += alphabet.charAt(value % 45);
      value = Math.floor(value / 45);
    }
  }
  return text;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}

const withLength = (bytes: Buffer): Buffer => Buffer.concat([varint(bytes.length), bytes]);

/** What `docs/verifying.md` says of the QR code's text, from a `.tlog-proof` file. */
export function pack(file: string): string {
  const [head = '', text = '', signatures = ''] = file.split('\n\n');
  const [, extraLine = '', indexLine = '', ...hashes] = head.split('\n');
  const [origin = '', size = '', root = ''] = text.split('\n');
  const lines = signatures.trimEnd().split('\n');
  const content = Buffer.concat([
    varint(Number(indexLine.slice(6))),
    Uint8Array.of(hashes.length),
    ...hashes.map((hash) => Buffer.from(hash, 'base64')),
    withLength(Buffer.from(origin)),
    varint(Number(size)),
    Buffer.from(root, 'base64'),
    Uint8Array.of(lines.length),
    ...lines.flatMap((line) => {
      const [, name = '', base64 = ''] = line.split(' ');
      return [withLength(Buffer.from(name === origin ? '' : name)), withLength(Buffer.from(base64, 'base64'))];
    }),
    packOpening(Buffer.from(extraLine.slice(6), 'base64').toString()),
  ]);
  return `GL1:${base45(Buffer.concat([content, sha256(content).subarray(0, 4)]))}`;
}

function packOpening(opening: string): Buffer {
  const [entry = '', opened = ''] = opening.replace('gl1-opening\n', '').split('\n\n');
  const [, , event = '', ...commitments] = entry.split('\n');
  const lines = opened.trimEnd().split('\n');
  const parts = lines.flatMap((line, at) => {
    if (at % 2 === 1) return [];
    const [number = '', salt = ''] = line.split(' ');
    return [{ number: Number(number), salt: Buffer.from(salt, 'hex'), text: lines[at + 1] ?? '' }];
  });
  const hidden = commitments.filter((_, at) => parts.every(({ number }) => number !== at));
  return Buffer.concat([
    Uint8Array.of(commitments.length, parts.length),
    ...parts.flatMap(({ number, salt, text }) => [
      Uint8Array.of(number),
      salt,
      withLength(Buffer.from(abbreviate(text))),
    ]),
    ...[event, ...hidden].map((hash) => Buffer.from(hash, 'hex')),
  ]);
}

const abbreviate = (text: string): string =>
  abbreviations.reduce((short, long, at) => short.replaceAll(long, String.fromCharCode(at + 1)), text);
