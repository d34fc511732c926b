/** Signed notes (c2sp.org/signed-note): a text, the signatures under it, and the keys that made them. */
import { concat, equal, fromBase64, fromHex, fromUtf8, toHex, utf8 } from './bytes.js';
import { Failure, unreadable } from './failure.js';
import { webSha256 } from './sha256.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{ name: string, keyId: Uint8Array, bytes: Bytes }} Signature
 * @typedef {{ text: string, signatures: readonly Signature[] }} Note
 * @typedef {{ name: string, keyId: Uint8Array, type: number, publicKey: Bytes }} Key
 */

export const ed25519Type = 0x01;
export const cosignatureType = 0x04;
/** The format asks for 16 at least; what has more is no note of ours. */
const maxSignatures = 64;
const maxNoteLength = 65_536;

/** Not empty, no Unicode space, no plus sign. @param {string} name */
export const isKeyName = (name) => name !== '' && !/[\s\u0085+]/u.test(name);

/**
 * @param {Uint8Array} bytes
 * @returns {Note | Failure}
 */
export function parseNote(bytes) {
  if (bytes.length > maxNoteLength) return unreadable(`The signed text is longer than ${maxNoteLength} bytes.`);
  const whole = fromUtf8(bytes);
  if (whole === undefined) return unreadable('The signed text is not UTF-8.');
  if (/[\x00-\x09\x0b-\x1f\x7f]/.test(whole)) return unreadable('The signed text holds a control character.');
  const at = whole.lastIndexOf('\n\n');
  if (at < 0) return unreadable('The signed text has no empty line before its signatures.');
  const lines = whole.slice(at + 2).split('\n');
  if (lines.pop() !== '' || lines.length === 0) return unreadable('No line of a signature ends the signed text.');
  if (lines.length > maxSignatures) return unreadable(`There are more than ${maxSignatures} signatures.`);
  const signatures = lines.map(parseSignature);
  const wrong = signatures.findIndex((one) => one === undefined);
  if (wrong >= 0) return unreadable(`Line ${wrong + 1} of the signatures is not of the form "— name base64".`);
  return { text: whole.slice(0, at + 1), signatures: /** @type {Signature[]} */ (signatures) };
}

/**
 * @param {string} line
 * @returns {Signature | undefined}
 */
function parseSignature(line) {
  const [, name = '', base64 = ''] = /^\u2014 ([^ ]+) ([^ ]+)$/.exec(line) ?? [];
  const bytes = fromBase64(base64);
  if (!isKeyName(name) || bytes === undefined || bytes.length < 5) return undefined;
  return { name, keyId: bytes.slice(0, 4), bytes: bytes.slice(4) };
}

/**
 * A key in its one line, `name+id+base64`. The id has to be that of the key.
 * @param {string} text
 * @param {import('./sha256.js').Sha256} sha256
 * @returns {Promise<Key | Failure>}
 */
export async function parseKey(text, sha256 = webSha256) {
  const [, name = '', id = '', base64 = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.+)$/.exec(text) ?? [];
  const [keyId, key] = [fromHex(id), fromBase64(base64)];
  if (!isKeyName(name) || keyId?.length !== 4 || key === undefined) {
    return unreadable(`A key has the form "name+id+base64", not "${text}".`);
  }
  const type = key[0];
  if ((type !== ed25519Type && type !== cosignatureType) || key.length !== 33) {
    return unreadable(`The key of ${name} is not an Ed25519 key for notes or cosignatures, the only kinds known here.`);
  }
  const expected = (await sha256(concat(utf8(`${name}\n`), key))).slice(0, 4);
  if (!equal(keyId, expected))
    return unreadable(`The id of the key of ${name} is ${id}, its content has ${toHex(expected)}.`);
  return { name, keyId, type, publicKey: key.slice(1) };
}

/**
 * @param {Key} key
 * @param {readonly Signature[]} signatures
 */
export const signaturesOf = (key, signatures) =>
  signatures.filter(({ name, keyId }) => name === key.name && equal(keyId, key.keyId));

/**
 * @param {Key} key
 * @param {Bytes} signature
 * @param {Bytes} message
 */
export async function isSignedBy(key, signature, message) {
  if (signature.length !== 64) return false;
  const publicKey = await crypto.subtle
    .importKey('raw', key.publicKey, 'Ed25519', false, ['verify'])
    .catch(() => undefined);
  return publicKey !== undefined && crypto.subtle.verify('Ed25519', publicKey, signature, message);
}

/**
 * Undefined when the key signed the note: each signature under its name and id has to be right, and one has to be there.
 * @param {Key} key
 * @param {Note} note
 * @returns {Promise<Failure | undefined>}
 */
export async function checkSigner(key, note) {
  const signatures = signaturesOf(key, note.signatures);
  if (signatures.length === 0)
    return new Failure('unsigned', `No signature is of the key ${toHex(key.keyId)} of ${key.name}.`);
  for (const { bytes } of signatures) {
    if (!(await isSignedBy(key, bytes, utf8(note.text)))) {
      return new Failure(
        'bad_signature',
        `The signature of ${key.name} is not of this text: one of the two was changed.`,
      );
    }
  }
  return undefined;
}
