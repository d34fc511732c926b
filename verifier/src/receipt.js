/** A customer's receipt: a proof with the opened parts of its entry, as a file or as the text of a QR code. */
import { fromUtf8, utf8 } from './bytes.js';
import { checkOpening } from './entry.js';
import { Failure, unreadable } from './failure.js';
import { packedPrefix, unpack } from './packed.js';
import { checkProof, parseProof } from './proof.js';
import { webSha256 } from './sha256.js';

/**
 * @typedef {{
 *   bank: string, position: number, size: number, parts: readonly import('./event.js').Members[],
 *   cosigned: readonly import('./checkpoint.js').Cosigned[],
 * }} ProvenReceipt `bank` is the name of the log.
 */

/**
 * @param {Uint8Array} bytes of the file, or of the QR code's text
 * @param {import('./policy.js').Policy} policy
 * @param {import('./sha256.js').Sha256} sha256
 * @returns {Promise<ProvenReceipt | Failure>}
 */
export async function checkReceipt(bytes, policy, sha256 = webSha256) {
  const text = fromUtf8(bytes)?.trim();
  const file = text?.startsWith(packedPrefix)
    ? await unpack(text, sha256)
    : text === undefined
      ? bytes
      : utf8(`${text}\n`);
  if (file instanceof Failure) return file;
  const proof = parseProof(file);
  if (proof instanceof Failure) return proof;
  if (proof.extra === undefined) return unreadable('The proof does not hold its entry (the line "extra").');
  const opening = await checkOpening(proof.extra, sha256);
  if (opening instanceof Failure) return opening;
  if (opening.position !== proof.index + 1) {
    return new Failure(
      'other_entry',
      `The receipt is of position ${opening.position}, its proof of ${proof.index + 1}.`,
    );
  }
  const cosigned = await checkProof(proof, opening.entry, policy, sha256);
  if (cosigned instanceof Failure) return cosigned;
  const { origin, size } = proof.checkpoint;
  return { bank: origin, position: opening.position, size, parts: opening.parts, cosigned };
}
