/** An offline proof (c2sp.org/tlog-proof): an entry's place in the tree of a signed checkpoint, in one file. */
import { fromBase64, fromDecimal, fromUtf8, utf8 } from './bytes.js';
import { checkSignatures, parseCheckpoint } from './checkpoint.js';
import { Failure, unreadable } from './failure.js';
import { webSha256 } from './sha256.js';
import { isIncluded, leafHash, maxProofHashes } from './tree.js';

/**
 * @typedef {import('./checkpoint.js').Checkpoint} Checkpoint
 * @typedef {{ extra: Uint8Array | undefined, index: number, hashes: readonly Uint8Array[], checkpoint: Checkpoint }} Proof
 */

const maxProofLength = 262_144;

/** @param {Uint8Array} bytes @returns {Proof | Failure} */
export function parseProof(bytes) {
  const text = bytes.length > maxProofLength ? undefined : fromUtf8(bytes);
  if (!text?.startsWith('c2sp.org/tlog-proof@v1\n'))
    return unreadable('The file does not begin with "c2sp.org/tlog-proof@v1".');
  const end = text.indexOf('\n\n');
  if (end < 0) return unreadable('The proof has no empty line before its checkpoint.');
  const lines = text.slice(0, end).split('\n').slice(1);
  const extraText = lines[0]?.startsWith('extra ') ? lines.shift()?.slice(6) : undefined;
  const extra = extraText === undefined ? undefined : fromBase64(extraText);
  if (extraText !== undefined && extra === undefined) return unreadable('The line "extra" of the proof is not base64.');
  const [indexLine = '', ...hashLines] = lines;
  const index = indexLine.startsWith('index ') ? fromDecimal(indexLine.slice(6)) : undefined;
  if (index === undefined) return unreadable('The proof has no line "index" with a whole number.');
  const hashes = hashLines.flatMap((line) => fromBase64(line) ?? []);
  if (
    hashes.length !== hashLines.length ||
    hashes.some(({ length }) => length !== 32) ||
    hashes.length > maxProofHashes
  ) {
    return unreadable(`The proof has a line that is not a hash in base64, or more than ${maxProofHashes} hashes.`);
  }
  const checkpoint = parseCheckpoint(utf8(text.slice(end + 2)));
  return checkpoint instanceof Failure ? checkpoint : { extra, index, hashes, checkpoint };
}

/**
 * Who cosigned, when log and quorum signed the checkpoint and the entry stands in its tree at the proof's index.
 * @param {Proof} proof
 * @param {Uint8Array} entry
 * @param {import('./policy.js').Policy} policy
 * @param {import('./sha256.js').Sha256} sha256
 */
export async function checkProof({ index, hashes, checkpoint }, entry, policy, sha256 = webSha256) {
  const cosigned = await checkSignatures(checkpoint, policy);
  if (cosigned instanceof Failure) return cosigned;
  const { size, root } = checkpoint;
  if (await isIncluded({ index, size, leaf: await leafHash(entry, sha256), hashes, root }, sha256)) return cosigned;
  return new Failure(
    'not_included',
    `The entry does not stand at position ${index + 1} of the ${size} that the checkpoint signs for.`,
  );
}
