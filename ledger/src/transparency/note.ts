/** Signed notes (c2sp.org/signed-note) with Ed25519: keys, signature lines, and which of them hold. */
import type { KeyObject } from 'node:crypto';
import { createPrivateKey, createPublicKey, hash, sign, verify } from 'node:crypto';

/** What a key signs: the note itself, or a cosignature with its time. */
export const signatureTypes = { note: 0x01, cosignature: 0x04 } as const;
export type SignatureType = (typeof signatureTypes)[keyof typeof signatureTypes];

export type VerifierKey = {
  readonly name: string;
  readonly type: SignatureType;
  readonly id: Buffer;
  readonly publicKey: Buffer;
};

export type SigningKey = VerifierKey & { readonly privateKey: KeyObject };

export type SignatureLine = { readonly name: string; readonly id: Buffer; readonly signature: Buffer };
export type Note = { readonly text: string; readonly signatures: readonly SignatureLine[] };

/** A note with more signatures is no note: nobody is made to check thousands. */
const mostSignatures = 64;
const mostBytes = 65_536;

const pkcs8Prefix = Buffer.from('302e020100300506032b657004220420', 'hex');
const spkiPrefix = Buffer.from('302a300506032b6570032100', 'hex');
const keyIdBytes = 4;
const keyBytes = 32;

/** From an Ed25519 seed of 32 bytes. */
export function signingKey(name: string, type: SignatureType, seed: Buffer): SigningKey {
  const privateKey = createPrivateKey({ key: Buffer.concat([pkcs8Prefix, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-keyBytes);
  return { ...verifierKey(name, type, publicKey), privateKey };
}

const verifierKey = (name: string, type: SignatureType, publicKey: Buffer): VerifierKey => {
  const bytes = Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([type]), publicKey]);
  return { name, type, publicKey, id: hash('sha256', bytes, 'buffer').subarray(0, keyIdBytes) };
};

export const vkeyOf = ({ name, type, id, publicKey }: VerifierKey): string =>
  `${name}+${id.toString('hex')}+${Buffer.concat([Buffer.from([type]), publicKey]).toString('base64')}`;

/** Undefined where it is no key of these types. */
export function parseVkey(text: string): VerifierKey | undefined {
  const [, name = '', id, encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const bytes = base64(encoded);
  const type = Object.values(signatureTypes).find((one) => one === bytes?.[0]);
  if (!isKeyName(name) || bytes?.length !== 1 + keyBytes || type === undefined) return undefined;
  const key = verifierKey(name, type, bytes.subarray(1));
  return key.id.toString('hex') === id ? key : undefined;
}

export const isKeyName = (name: string): boolean => name !== '' && !/[\p{White_Space}\p{Cc}+]/u.test(name);

export const signatureLine = ({ name, id, signature }: SignatureLine): string =>
  `— ${name} ${Buffer.concat([id, signature]).toString('base64')}\n`;

export const noteText = ({ text, signatures }: Note): string => `${text}\n${signatures.map(signatureLine).join('')}`;

export const signText = (key: SigningKey, text: string): Buffer => sign(null, Buffer.from(text), key.privateKey);

export function isSigned(key: VerifierKey, text: string, signature: Buffer): boolean {
  const publicKey = createPublicKey({ key: Buffer.concat([spkiPrefix, key.publicKey]), format: 'der', type: 'spki' });
  return verify(null, Buffer.from(text), publicKey, signature);
}

/** Undefined where it is no signed note. */
export function parseNote(note: string): Note | undefined {
  if (Buffer.byteLength(note) > mostBytes || /[\u0000-\u0009\u000b-\u001f\u007f]/.test(note)) return undefined;
  const split = note.lastIndexOf('\n\n');
  if (split < 1 || !note.endsWith('\n')) return undefined;
  const lines = note.slice(split + 2, -1).split('\n');
  const signatures = lines.map(parseSignatureLine).filter((line) => line !== undefined);
  if (lines.length > mostSignatures || signatures.length !== lines.length) return undefined;
  return { text: note.slice(0, split + 1), signatures };
}

export function parseSignatureLine(line: string): SignatureLine | undefined {
  const [, name = '', encoded = ''] = /^— (\S+) (\S+)$/.exec(line) ?? [];
  const bytes = base64(encoded);
  if (!isKeyName(name) || bytes === undefined || bytes.length <= keyIdBytes) return undefined;
  return { name, id: bytes.subarray(0, keyIdBytes), signature: bytes.subarray(keyIdBytes) };
}

export const isBy = ({ name, id }: SignatureLine, key: VerifierKey): boolean => name === key.name && id.equals(key.id);

/** Of canonical base64 with its padding; undefined for anything else. */
export function base64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}
