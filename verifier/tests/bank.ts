/** A small bank's log: eight entries, of which the sixth is the vector's transfer, signed by its log and one witness. */
import type { Signer } from './build.ts';
import {
  checkpointText,
  cosignatureLine,
  inclusionOf,
  proofFile,
  rootOf,
  seed,
  sha256,
  signatureLine,
  signer,
} from './build.ts';
import { entries, leaves, openingOf6 } from './vectors.ts';

const log = signer('bank.example/journal-main', 1, seed(0));
const witnesses = [signer('witness.example/w1', 4, seed(32)), signer('witness.example/w2', 4, seed(64))];
const time = 1_700_000_000;

export const signedCheckpoint = (
  size: number,
  root: Buffer,
  cosigners: readonly Signer[] = witnesses.slice(0, 1),
): string => {
  const text = checkpointText(log.name, size, root);
  return `${text}\n${signatureLine(log, text)}${cosigners.map((one) => cosignatureLine(one, text, time)).join('')}`;
};

export const policyText = `log ${log.line}\nwitness w1 ${witnesses[0]?.line ?? ''}\nquorum w1\n`;

export type SmallBank = {
  readonly receipt: string;
  readonly checkpoint: string;
  readonly hashes: readonly Buffer[];
  readonly policyText: string;
};

export function bankOf(): SmallBank {
  const all = leaves.with(5, Buffer.from(entries[0]?.entry ?? ''));
  const checkpoint = signedCheckpoint(8, rootOf(all));
  const hashes = inclusionOf(5, all);
  return { receipt: proofFile(Buffer.from(openingOf6), 5, hashes, checkpoint), checkpoint, hashes, policyText };
}

/** Of the size that a receipt from a journal of 2²⁰ events has; its hashes are of nothing. */
export const largeReceipt = (): string =>
  proofFile(
    Buffer.from(
      openingOf6.replaceAll(/gl1-entry\n6/g, 'gl1-entry\n1048576').replace('"position":6', '"position":1048576'),
    ),
    1_048_575,
    Array.from({ length: 20 }, (_, at) => sha256(String(at))),
    signedCheckpoint(1_048_576, sha256('root'), witnesses),
  );
