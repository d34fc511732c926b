/** The database for a tool that ends: the one of DATABASE_URL, or the bank's own, kept up while the tool uses it. */
import type { Config } from '../../server/src/config.ts';
import { migrate } from './migrate.ts';
import { startPostgres } from './embedded-postgres/start-postgres.ts';
import { ensureWritable } from './supervisor/checks.ts';

export type Database = { readonly url: string; readonly release: () => Promise<void> };

/** Migrated and ready. Throws `Failure`. */
export async function openDatabase(config: Pick<Config, 'databaseUrl' | 'stateDir' | 'walArchive'>): Promise<Database> {
  ensureWritable(config.stateDir);
  const postgres = config.databaseUrl === undefined ? await startPostgres(config) : undefined;
  const url = config.databaseUrl ?? postgres?.url ?? '';
  const release = async (): Promise<void> => postgres?.stop();
  try {
    await migrate(url);
  } catch (error) {
    await release();
    throw error;
  }
  return { url, release };
}
