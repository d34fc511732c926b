/** What a witness answers (c2sp.org/tlog-witness): from a request and the checkpoint that it cosigned last, without any effect. */
import type { Checkpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { openCheckpoint, parseCheckpointText, sizePattern } from '../../../ledger/src/transparency/checkpoint.ts';
import type { Note, VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { base64, parseNote } from '../../../ledger/src/transparency/note.ts';
import { emptyRoot, hashBytes, isConsistent } from '../../../ledger/src/transparency/tree.ts';

/** A checkpoint that the log signed, and what is to prove that it continues an earlier one. */
export type Submission = {
  readonly key: VerifierKey;
  readonly oldSize: number;
  readonly proof: readonly Buffer[];
  readonly checkpoint: Checkpoint & { readonly note: Note };
};

export type Refusal =
  | { readonly status: 400 | 403 | 404 | 422; readonly reason: string }
  | { readonly status: 409; readonly lastSize: number };

type Last = Pick<Checkpoint, 'size' | 'root'>;

const nothing: Last = { size: 0, root: emptyRoot };
const mostHashes = 63;

const malformed = (reason: string): Refusal => ({ status: 400, reason });

/** `logs`: the logs that this witness knows, each with another name. */
export function readSubmission(body: string, logs: readonly VerifierKey[]): Submission | Refusal {
  const split = body.indexOf('\n\n');
  const [old = '', ...encoded] = body.slice(0, Math.max(split, 0)).split('\n');
  const [, digits = ''] = /^old (\S+)$/.exec(old) ?? [];
  const oldSize = Number(digits);
  if (!sizePattern.test(digits) || !Number.isSafeInteger(oldSize))
    return malformed('the first line is no "old <size>"');
  if (encoded.length > mostHashes) return malformed('the proof has more than 63 hashes');
  const proof = encoded.map(base64).filter((hash) => hash?.length === hashBytes) as Buffer[];
  if (proof.length < encoded.length) return malformed('a line of the proof is no hash in base64');
  const text = body.slice(split + 2);
  const note = parseNote(text);
  const said = note && parseCheckpointText(note.text);
  if (said === undefined) return malformed('what follows the empty line is no signed checkpoint');
  const key = logs.find(({ name }) => name === said.origin);
  if (key === undefined) return { status: 404, reason: 'this witness does not know that log' };
  const checkpoint = openCheckpoint(text, key);
  if (checkpoint === undefined) return { status: 403, reason: 'the log’s signature is missing or does not hold' };
  if (oldSize > checkpoint.size) return malformed('the old size is above the checkpoint’s');
  return { key, oldSize, proof, checkpoint };
}

/** Undefined: it is to be cosigned. `last`: what was cosigned last of this log, undefined when nothing was. */
export function refusalOf({ oldSize, proof, checkpoint }: Submission, last: Last = nothing): Refusal | undefined {
  if (oldSize !== last.size) return { status: 409, lastSize: last.size };
  if (isConsistent(last, checkpoint, proof)) return undefined;
  return { status: 422, reason: 'the checkpoint does not continue the one that was cosigned last' };
}
