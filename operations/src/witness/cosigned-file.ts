/** The files that remember what was cosigned last, one for each log: written durably before anybody gets the cosignature. */
import { hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import type { Checkpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { cosignedAt, openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import type { Note, VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { noteText } from '../../../ledger/src/transparency/note.ts';
import { replaceFile } from '../../../ledger/src/replace-file.ts';

/** As the protocol names a log in its paths, too. */
export const nameOf = (origin: string): string => hash('sha256', origin, 'hex');

const pathOf = (dir: string, origin: string): string => join(dir, nameOf(origin));

export type Cosigned = Checkpoint & { readonly note: Note };

/** Undefined when nothing was cosigned yet. Throws a `Failure` where the file does not hold what this witness cosigned. */
export async function readCosigned(dir: string, log: VerifierKey, own: VerifierKey): Promise<Cosigned | undefined> {
  const path = pathOf(dir, log.name);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new Failure(`What was cosigned of ${log.name} cannot be read from ${path}: give this account access to it.`);
  }
  const opened = openCheckpoint(text, log);
  const isOwn = opened?.note.signatures.some((line) => cosignedAt(line, own, opened.note.text) !== undefined) === true;
  if (opened !== undefined && isOwn) return opened;
  throw new Failure(
    `${path} does not hold what this witness cosigned last of ${log.name}: nothing of it is cosigned until the file, or the key it was written under, is brought back.`,
  );
}

export const writeCosigned = (dir: string, origin: string, note: Note): Promise<void> =>
  replaceFile(pathOf(dir, origin), noteText(note), 0o600);
