/** A secret in a file of its own, which only its owner may read; made when it is missing. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Failure, isCode } from '../failure.ts';

const secretBytes = 32;

/** Reads the secret, and makes it when it is missing. Throws a `Failure`. */
export async function makeSecretFile(path: string): Promise<Buffer> {
  try {
    await readFile(path).catch(async (error: unknown) => {
      if (!isCode(error, 'ENOENT')) throw error;
      await make(path);
    });
  } catch {
    throw new Failure(`The secret ${path} cannot be read or made: give this account access to its folder.`);
  }
  return readSecretFile(path);
}

/** Reads 32 random bytes, stored as base64. Throws a `Failure` when the file cannot be used. */
export async function readSecretFile(path: string): Promise<Buffer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new Failure(
      `The secret ${path} is missing or cannot be read: restore it from your backup, or give this account access to it.`,
    );
  }
  const secret = Buffer.from(text, 'base64');
  if (secret.length === secretBytes) return secret;
  throw new Failure(`The secret ${path} does not hold 32 bytes in base64: restore it from your backup.`);
}

/** Written beside and then linked as a whole: nobody ever reads half a secret, and whoever comes second uses the first's. */
async function make(path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomUUID()}`;
  await writeFile(beside, randomBytes(secretBytes).toString('base64'), { mode: 0o600, flush: true });
  try {
    await link(beside, path);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await unlink(beside);
  }
}
