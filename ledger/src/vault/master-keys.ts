/** The master keys, each generation in a file of its own; the database says which is in use. */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { assertSame } from './check-values.ts';
import { makeSecretFile, readSecretFile } from './secret-file.ts';

export interface MasterKeys {
  readonly pathOf: (generation: number) => string;
  /** Throws a `Failure` where the file cannot be used. */
  get(generation: number): Promise<Buffer>;
  /** Makes the key of a new generation, or finds it there. */
  make(generation: number): Promise<Buffer>;
  /** Deletes the file of one that wraps nothing any more. */
  forget(generation: number): Promise<void>;
}

export function masterKeyFiles(stateDir: string): MasterKeys {
  const pathOf = (generation: number): string => join(stateDir, 'secrets', masterKeyName(generation));
  const known = new Map<number, Promise<Buffer>>();
  const cached = (generation: number, read: (path: string) => Promise<Buffer>): Promise<Buffer> => {
    const found = known.get(generation) ?? read(pathOf(generation));
    known.set(generation, found);
    found.catch(() => known.delete(generation));
    return found;
  };
  return {
    pathOf,
    get: (generation) => cached(generation, readSecretFile),
    make: (generation) => cached(generation, makeSecretFile),
    async forget(generation) {
      known.delete(generation);
      await unlink(pathOf(generation)).catch(() => undefined);
    },
  };
}

/** The file's name. */
export const masterKeyName = (generation: number): string =>
  generation === 1 ? 'master.key' : `master.${String(generation)}.key`;

/** Every generation that may wrap something. */
export async function generationsIn(database: Pick<pg.ClientBase, 'query'>): Promise<readonly number[]> {
  const { rows } = await database.query<{ generation: number }>('select generation from vault.master_keys order by 1');
  if (rows.length === 0) throw new Error('the database knows no master key');
  return rows.map(({ generation }) => generation);
}

/** Throws a `Failure` when a generation's key is missing, or is not the one that the database was used with. */
export async function assertMasterKeys(database: Pick<pg.ClientBase, 'query'>, masterKeys: MasterKeys): Promise<void> {
  for (const generation of await generationsIn(database)) {
    await assertSame(database, masterKeys.pathOf(generation), await masterKeys.get(generation));
  }
}

/** The generation new keys are wrapped under. */
export async function currentGeneration(pool: Pick<pg.Pool, 'query'>): Promise<number> {
  const { rows } = await pool.query<{ generation: number }>(
    'select max(generation) as generation from vault.master_keys',
  );
  const generation = rows[0]?.generation;
  if (generation === undefined) throw new Error('the database knows no master key');
  return generation;
}
