/** The file that remembers the last checkpoint which was signed: written durably before anybody else sees the checkpoint. */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isCode } from '../../../ledger/src/failure.ts';

/** Undefined when nothing was signed yet. */
export async function readSigned(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** Put in place as a whole: after a crash the file holds the note before or this one. */
export async function writeSigned(path: string, note: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}`;
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(note);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(beside, path);
  const directory = await open(folder);
  await directory.sync().finally(() => directory.close());
}
