/** A secret in a file of its own, which only its owner may read; made when it is missing. */
import { randomBytes, randomUUID } from 'node:crypto';
import { link, mkdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';

const secretBytes = 32;

/** The same, made when it is missing. */
export async function makeSecretFile(path: string): Promise<Buffer> {
  try {
    await readFile(path).catch(async (error: unknown) => {
      if (!isCode(error, 'ENOENT')) throw error;
      await make(path);
    });
  } catch {
    throw new Error(`The secret ${path} cannot be read or made: give this account access to its folder.`);
  }
  return readSecretFile(path);
}

/** 32 random bytes, kept as base64. Throws an `Error` with one clear sentence when the file cannot be used. */
export async function readSecretFile(path: string): Promise<Buffer> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch {
    throw new Error(
      `The secret ${path} is missing or cannot be read: bring it here, or give this account access to it.`,
    );
  }
  const secret = Buffer.from(text, 'base64');
  if (secret.length === secretBytes) return secret;
  throw new Error(`The secret ${path} does not hold 32 bytes in base64: restore it from your backup.`);
}

/** Written beside and then put in place as a whole: nobody ever reads half a secret, and whoever comes second keeps the first's. */
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

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
