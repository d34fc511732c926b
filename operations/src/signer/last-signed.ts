/** The file that remembers the last checkpoint which was signed: written durably before anybody else sees the checkpoint. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from '../../../ledger/src/failure.ts';
import { replaceFile } from '../../../ledger/src/replace-file.ts';

/** Undefined when nothing was signed yet. */
export async function readSigned(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

export async function writeSigned(path: string, note: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await replaceFile(path, note, 0o600);
}
