/** The master keys, each generation in a file of its own; which is in use stands in the database. */
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type pg from 'pg';
import { makeSecretFile, readSecretFile } from './secret-file.ts';

export interface MasterKeys {
  /** Throws an `Error` with one clear sentence where the file cannot be used. */
  get(generation: number): Promise<Buffer>;
  /** Makes the key of a new generation, or finds it there. */
  make(generation: number): Promise<Buffer>;
  /** Deletes the file of one that wraps nothing any more. */
  forget(generation: number): Promise<void>;
}

export function masterKeyFiles(stateDir: string): MasterKeys {
  const pathOf = (generation: number): string =>
    join(stateDir, 'secrets', generation === 1 ? 'master.key' : `master.${String(generation)}.key`);
  const known = new Map<number, Promise<Buffer>>();
  const keep = (generation: number, read: (path: string) => Promise<Buffer>): Promise<Buffer> => {
    const found = known.get(generation) ?? read(pathOf(generation));
    known.set(generation, found);
    found.catch(() => known.delete(generation));
    return found;
  };
  return {
    // The first is made by whoever comes first; any other only by a rotation.
    get: (generation) => keep(generation, generation === 1 ? makeSecretFile : readSecretFile),
    make: (generation) => keep(generation, makeSecretFile),
    async forget(generation) {
      known.delete(generation);
      await unlink(pathOf(generation)).catch(() => undefined);
    },
  };
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
