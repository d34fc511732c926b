/** Checkpoints (c2sp.org/tlog-checkpoint) and cosignatures of them (c2sp.org/tlog-cosignature). */
import type { Note, SignatureLine, SigningKey, VerifierKey } from './note.ts';
import { base64, isBy, isSigned, parseNote, signText } from './note.ts';
import { hashBytes } from './tree.ts';

export type Checkpoint = { readonly origin: string; readonly size: number; readonly root: Buffer };

export const checkpointText = ({ origin, size, root }: Checkpoint): string =>
  `${origin}\n${String(size)}\n${root.toString('base64')}\n`;

export const sizePattern = /^(?:0|[1-9]\d{0,15})$/;

/** Undefined where the text is no checkpoint's. */
export function parseCheckpointText(text: string): Checkpoint | undefined {
  const [origin = '', digits = '', encoded = '', ...extensions] = text.split('\n');
  const [size, root] = [Number(digits), base64(encoded)];
  if (origin === '' || !sizePattern.test(digits) || !Number.isSafeInteger(size)) return undefined;
  if (root?.length !== hashBytes || extensions.pop() !== '' || extensions.includes('')) return undefined;
  return { origin, size, root };
}

export const signCheckpoint = (key: SigningKey, checkpoint: Checkpoint): Note => {
  const text = checkpointText(checkpoint);
  return { text, signatures: [{ name: key.name, id: key.id, signature: signText(key, text) }] };
};

/** What a note that this log's key signed says; undefined where it is not this log's, or the signature does not hold. */
export function openCheckpoint(text: string, key: VerifierKey): (Checkpoint & { readonly note: Note }) | undefined {
  const note = parseNote(text);
  const checkpoint = note && parseCheckpointText(note.text);
  if (note === undefined || checkpoint?.origin !== key.name || !isNoteSigned(note, key)) return undefined;
  return { ...checkpoint, note };
}

/** A signature of a known key that does not hold spoils the note. */
const isNoteSigned = ({ text, signatures }: Note, key: VerifierKey): boolean => {
  const own = signatures.filter((line) => isBy(line, key));
  return own.length > 0 && own.every(({ signature }) => isSigned(key, text, signature));
};

const timeBytes = 8;

const cosignedMessage = (text: string, seconds: bigint): string => `cosignature/v1\ntime ${String(seconds)}\n${text}`;

/** `seconds`: POSIX time. */
export function cosign(key: SigningKey, text: string, seconds: number): SignatureLine {
  const time = Buffer.alloc(timeBytes);
  time.writeBigUInt64BE(BigInt(seconds));
  const signature = Buffer.concat([time, signText(key, cosignedMessage(text, BigInt(seconds)))]);
  return { name: key.name, id: key.id, signature };
}

/** When the key cosigned this text, in seconds of POSIX time; undefined where it did not. */
export function cosignedAt(line: SignatureLine, key: VerifierKey, text: string): number | undefined {
  if (!isBy(line, key) || line.signature.length <= timeBytes) return undefined;
  const seconds = line.signature.readBigUInt64BE(0);
  const isTheirs = isSigned(key, cosignedMessage(text, seconds), line.signature.subarray(timeBytes));
  return isTheirs ? Number(seconds) : undefined;
}
