/** A log's checkpoint (c2sp.org/tlog-checkpoint): its size and root, and whether log and witnesses signed them as a policy asks. */
import { fromBase64, fromDecimal } from './bytes.js';
import { cosignedAt } from './cosignature.js';
import { Failure, unreadable } from './failure.js';
import { checkSigner, isKeyName, parseNote } from './note.js';
import { isQuorum, quorumInWords } from './policy.js';

/**
 * @typedef {{ origin: string, size: number, root: Uint8Array, note: import('./note.js').Note }} Checkpoint
 * @typedef {{ name: string, keyName: string, at: number }} Cosigned `at` in POSIX seconds.
 */

/**
 * @param {Uint8Array} bytes
 * @returns {Checkpoint | Failure}
 */
export function parseCheckpoint(bytes) {
  const note = parseNote(bytes);
  if (note instanceof Failure) return note;
  const [origin = '', sizeText = '', rootText = '', ...extensions] = note.text.slice(0, -1).split('\n');
  const [size, root] = [fromDecimal(sizeText), fromBase64(rootText)];
  if (!isKeyName(origin)) return unreadable('The checkpoint does not begin with the name of a log.');
  if (size === undefined) return unreadable('The second line of the checkpoint is not a size.');
  if (root?.length !== 32) return unreadable('The third line of the checkpoint is not a root hash in base64.');
  if (extensions.includes('')) return unreadable('The checkpoint has an empty line.');
  return { origin, size, root, note };
}

/**
 * Who cosigned, when the log signed and the policy's quorum cosigned.
 * @param {Checkpoint} checkpoint
 * @param {import('./policy.js').Policy} policy
 * @returns {Promise<readonly Cosigned[] | Failure>}
 */
export async function checkSignatures({ origin, note }, policy) {
  const keys = policy.logs.filter(({ name }) => name === origin);
  if (keys.length === 0) {
    const known = policy.logs.map(({ name }) => name).join(', ');
    return new Failure('other_log', `The checkpoint is of the log ${origin}; the policy knows ${known}.`);
  }
  // A log that changes its key has two for a time: whichever of them signed has to have signed rightly.
  const checks = await Promise.all(keys.map((key) => checkSigner(key, note)));
  const wrong =
    checks.find((one) => one?.code === 'bad_signature') ?? (checks.includes(undefined) ? undefined : checks[0]);
  if (wrong !== undefined) return wrong;
  /** @type {Cosigned[]} */
  const cosigned = [];
  for (const [name, key] of policy.witnesses) {
    const at = await cosignedAt(key, note);
    if (at instanceof Failure) return at;
    if (at !== undefined) cosigned.push({ name, keyName: key.name, at });
  }
  if (isQuorum(policy, new Set(cosigned.map(({ name }) => name)))) return cosigned;
  const who = cosigned.length === 0 ? 'nobody' : cosigned.map(({ name }) => name).join(', ');
  return new Failure('too_few_witnesses', `The policy asks for ${quorumInWords(policy)}; cosigned by ${who}.`);
}
