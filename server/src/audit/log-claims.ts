/** What is claimed of the journal's tree, and by whom: by the checkpoints in the database, by what was seen before, and by witnesses; each claim is a root that the journal has to have. */
import { cosignedAt, openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import type { PublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import type { VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { parseVkey, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import type { Differ } from './difference.ts';
import type { OutsideLog } from './outside-log.ts';

type Root = { readonly size: number; readonly root: Buffer };

export type LogClaims = {
  readonly key: VerifierKey | undefined;
  readonly signed: Root | undefined;
  readonly cosignedSize: number;
  readonly roots: readonly (Root & { readonly key: string })[];
};

const checkpoint = { table: 'log', key: 'checkpoint' } as const;
const cosignedCheckpoint = { table: 'log', key: 'cosigned checkpoint' } as const;

/** What is wrong with the claims themselves is said at once. */
export function claimsOf(row: PublishedLog | undefined, outside: OutsideLog, differ: Differ): LogClaims {
  const { remembered } = outside;
  const key = outside.key ?? parseVkey(row?.vkey ?? '');
  const seen: Root | undefined = remembered && { size: remembered.size, root: Buffer.from(remembered.root, 'hex') };
  const signed = signedOf(row, key, outside, differ);
  const cosigned = cosignedOf(row, key, outside, differ);
  const cosignedSize = cosigned?.size ?? 0;
  if (seen !== undefined && (signed?.size ?? 0) < seen.size) {
    differ({ ...checkpoint, column: 'size', journal: `was ${String(seen.size)} before`, readModel: sizeText(signed) });
  }
  if (remembered !== undefined && cosignedSize < remembered.cosignedSize) {
    const before = `was ${String(remembered.cosignedSize)} before`;
    differ({ ...cosignedCheckpoint, column: 'size', journal: before, readModel: sizeText(cosigned) });
  }
  const roots: (Root & { key: string })[] = [];
  const claim = (by: string, root: Root | undefined): void => {
    if (root !== undefined && root.size > 0) roots.push({ key: by, size: root.size, root: root.root });
  };
  claim('checkpoint', signed);
  claim('cosigned checkpoint', cosigned);
  claim('checkpoint seen before', seen);
  for (const answer of outside.answers) {
    const by = `checkpoint at witness ${answer.witness}`;
    if (answer.is === 'cosigned') claim(by, answer.checkpoint);
    if (answer.is === 'contradicts') differ({ table: 'log', key: by, readModel: 'is not of this log and witness' });
    if (
      answer.is === 'never cosigned' &&
      row?.cosigned !== undefined &&
      isBy(row.cosigned.note, answer.witness, outside, key)
    ) {
      differ({ table: 'log', key: by, readModel: 'is missing, though the witness cosigned this log' });
    }
  }
  return { key, signed, cosignedSize, roots };
}

const sizeText = (root: Root | undefined): string => (root === undefined ? 'nothing' : String(root.size));

function signedOf(
  row: PublishedLog | undefined,
  key: VerifierKey | undefined,
  outside: OutsideLog,
  differ: Differ,
): Root | undefined {
  if (row === undefined) {
    if (outside.key !== undefined) differ({ ...checkpoint, journal: `is of ${vkeyOf(outside.key)}` });
    return undefined;
  }
  if (key === undefined || vkeyOf(key) !== row.vkey) {
    const known = key === undefined ? {} : { journal: vkeyOf(key) };
    differ({ ...checkpoint, column: 'vkey', ...known, readModel: row.vkey });
  }
  if (key !== undefined && row.origin !== key.name) {
    differ({ ...checkpoint, column: 'origin', journal: key.name, readModel: row.origin });
  }
  if (row.stopped !== null) differ({ ...checkpoint, column: 'stopped', readModel: row.stopped });
  if (row.note === null) {
    if (row.size > 0) differ({ ...checkpoint, column: 'note', readModel: 'is missing' });
    return undefined;
  }
  const opened = key && openCheckpoint(row.note, key);
  if (opened === undefined) {
    differ({ ...checkpoint, column: 'note', readModel: 'is not signed under the log’s key' });
    return undefined;
  }
  if (opened.size !== row.size) {
    differ({ ...checkpoint, column: 'size', journal: `signed: ${String(opened.size)}`, readModel: String(row.size) });
  }
  return opened;
}

function cosignedOf(
  row: PublishedLog | undefined,
  key: VerifierKey | undefined,
  { policy }: OutsideLog,
  differ: Differ,
): Root | undefined {
  if (row?.cosigned === undefined) return undefined;
  const { note, size } = row.cosigned;
  const opened = key && openCheckpoint(note, key);
  if (opened === undefined) {
    differ({ ...cosignedCheckpoint, column: 'note', readModel: 'is not signed under the log’s key' });
    return undefined;
  }
  if (opened.size !== size) {
    const journal = `signed: ${String(opened.size)}`;
    differ({ ...cosignedCheckpoint, column: 'size', journal, readModel: String(size) });
  }
  const { signatures, text } = opened.note;
  const given = (policy?.witnesses ?? []).filter((witness) =>
    signatures.some((line) => cosignedAt(line, witness.key, text) !== undefined),
  );
  if (policy !== undefined && !policy.isEnough(new Set(given.map(({ name }) => name)))) {
    differ({ ...cosignedCheckpoint, column: 'note', readModel: 'is not cosigned as the policy asks' });
    return undefined;
  }
  return opened;
}

/** Whether this witness cosigned the note. */
function isBy(note: string, name: string, { policy }: OutsideLog, key: VerifierKey | undefined): boolean {
  const witness = policy?.witnesses.find((one) => one.name === name);
  const opened = key && openCheckpoint(note, key);
  if (witness === undefined || opened === undefined) return false;
  return opened.note.signatures.some((line) => cosignedAt(line, witness.key, opened.note.text) !== undefined);
}
