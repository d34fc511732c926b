/** A secret in a file of its own, which only its owner may read; made when it is missing. */
import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const secretBytes = 32;

/** The file that holds the key under which all customers' keys are wrapped. */
export const masterKeyPath = (stateDir: string): string => join(stateDir, 'secrets', 'master.key');

/** 32 random bytes, kept as base64. Throws an `Error` with one clear sentence when the file cannot be used. */
export async function secretFile(path: string): Promise<Buffer> {
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    // Only the first to come makes it; whoever comes second reads what is there.
    await writeFile(path, randomBytes(secretBytes).toString('base64'), { mode: 0o600, flag: 'wx', flush: true }).catch(
      (error: unknown) => {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      },
    );
    const secret = Buffer.from(await readFile(path, 'utf8'), 'base64');
    if (secret.length === secretBytes) return secret;
  } catch {
    throw new Error(`The secret ${path} cannot be read or made: give this account access to its folder.`);
  }
  throw new Error(`The secret ${path} does not hold 32 bytes in base64: restore it from your backup.`);
}
