/** Secrets compared with the check values in the database: one that is lost or exchanged is never used, nor made anew. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type pg from 'pg';
import { Failure } from '../failure.ts';
import { makeSecretFile, readSecretFile } from './secret-file.ts';

type Database = Pick<pg.ClientBase, 'query'>;

export type NeededSecret = {
  readonly path: string;
  /** Whether anything in the database was made with it; asked where the database has no check value yet. */
  readonly isNeeded: () => Promise<boolean>;
};

/** Reads the secret; makes it where the database needs none yet. Throws `Failure`. */
export async function openSecret(database: Database, { path, isNeeded }: NeededSecret): Promise<Buffer> {
  const known = await checkValueIn(database, basename(path));
  const mayMake = known === undefined && (existsSync(path) || !(await isNeeded()));
  const secret = mayMake ? await makeSecretFile(path) : await readSecretFile(path);
  if (known === undefined) {
    await database.query('insert into secrets.check_values (name, value) values ($1, $2) on conflict do nothing', [
      basename(path),
      checkValueOf(basename(path), secret),
    ]);
  }
  await assertSame(database, path, secret);
  return secret;
}

/** Throws a `Failure` when the database knows another secret of this name. */
export async function assertSame(database: Database, path: string, secret: Buffer): Promise<void> {
  const known = await checkValueIn(database, basename(path));
  if (known === undefined || timingSafeEqual(known, checkValueOf(basename(path), secret))) return;
  throw new Failure(
    `The secret ${path} is not the one that the database was used with: restore that one from your backup.`,
  );
}

export const checkValueOf = (name: string, secret: Buffer): Buffer =>
  createHmac('sha256', secret).update(`grand-livre check value of ${name}`).digest();

async function checkValueIn(database: Database, name: string): Promise<Buffer | undefined> {
  const { rows } = await database.query<{ value: Buffer }>('select value from secrets.check_values where name = $1', [
    name,
  ]);
  return rows[0]?.value;
}
