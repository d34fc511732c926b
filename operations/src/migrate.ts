/** Brings a database to the newest schema: each folder's numbered SQL files, in the order in which they build on each other. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';
import { Failure } from '../../ledger/src/failure.ts';

const folders = ['ledger', 'projections', 'server', 'operations'] as const;

/** Runs what has not run yet; safe to call from several processes at once (an advisory lock makes them wait). Throws `Failure`. */
export async function migrate(databaseUrl: string): Promise<void> {
  for (const folder of folders) {
    const dir = fileURLToPath(new URL(`../../${folder}/migrations`, import.meta.url));
    if (!existsSync(dir)) continue;
    const ran = runner({
      databaseUrl,
      dir,
      direction: 'up',
      migrationsSchema: 'migrations',
      createMigrationsSchema: true,
      migrationsTable: folder,
      advisoryLockMode: 'wait',
      verbose: false,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    await ran.catch((error: unknown) => {
      const message = error instanceof Error && error.message !== '' ? error.message : String(error);
      throw new Failure(
        `The database cannot be used: ${message}. Check DATABASE_URL, and that its role may create schemas and roles.`,
      );
    });
  }
}
