/** Brings a database to the newest schema: each room's numbered SQL files, in the order in which the rooms build on each other. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

const rooms = ['ledger', 'projections', 'server'] as const;

/** Runs what has not run yet; safe to call from several processes at once (an advisory lock makes them wait). */
export async function migrate(databaseUrl: string): Promise<void> {
  for (const room of rooms) {
    const dir = fileURLToPath(new URL(`../${room}/migrations`, import.meta.url));
    if (!existsSync(dir)) continue;
    await runner({
      databaseUrl,
      dir,
      direction: 'up',
      migrationsSchema: 'migrations',
      createMigrationsSchema: true,
      migrationsTable: room,
      advisoryLockMode: 'wait',
      verbose: false,
      logger: { debug: () => undefined, info: () => undefined, warn: () => undefined, error: console.error },
    });
  }
}
