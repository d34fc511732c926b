/** A witness's cosignature of a checkpoint (c2sp.org/tlog-cosignature, v1, Ed25519): seen at this time, grown consistently. */
import { utf8 } from './bytes.js';
import { Failure } from './failure.js';
import { isSignedBy, signaturesOf } from './note.js';

/**
 * When the witness cosigned (the latest of its times, in POSIX seconds); undefined when it did not.
 * @param {import('./note.js').Key} witness
 * @param {import('./note.js').Note} note
 * @returns {Promise<number | undefined | Failure>}
 */
export async function cosignedAt(witness, note) {
  /** @type {number | undefined} */
  let latest;
  for (const { bytes } of signaturesOf(witness, note.signatures)) {
    const time = bytes.length === 72 ? new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0) : undefined;
    // A verifier refuses times that are no date; so does every calendar.
    const seconds = time !== undefined && time < 253_402_300_800n ? Number(time) : undefined;
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`);
    if (seconds === undefined || !(await isSignedBy(witness, bytes.slice(8), message))) {
      return new Failure(
        'bad_signature',
        `The cosignature of ${witness.name} is not of this checkpoint and time: one of them was changed.`,
      );
    }
    latest = Math.max(latest ?? 0, seconds);
  }
  return latest;
}
