/** Fresh databases on the run's one PostgreSQL, with the bank's schema or empty, and pools that connect as the bank does. */
import pg from 'pg';
import { migrate } from '../operations/src/migrate.ts';
import { serverConnection } from '../server/src/connections.ts';

export type Databases = {
  /** A new database with the bank's own schema; gives its URL. */
  bank(name: string): Promise<string>;
  empty(name: string): Promise<string>;
};

export function databasesOn(serverUrl: string): Databases {
  const empty = async (name: string): Promise<string> => {
    const admin = new pg.Client({ connectionString: serverUrl });
    await admin.connect();
    await admin.query(`create database ${admin.escapeIdentifier(name)}`).finally(() => admin.end());
    const url = new URL(serverUrl);
    url.pathname = `/${name}`;
    return url.href;
  };
  return {
    empty,
    async bank(name) {
      const url = await empty(name);
      await migrate(url);
      return url;
    },
  };
}

/** Each candidate vacuums after its own rounds; autovacuum would do so during those of another. */
export async function withoutAutovacuum(serverUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: serverUrl });
  await admin.connect();
  await admin.query('alter system set autovacuum = off');
  await admin.query('select pg_reload_conf()');
  await admin.end();
}

/** The owner's connections, as the peers use them. */
export const ownerPool = (databaseUrl: string, max: number): pg.Pool =>
  quiet(new pg.Pool({ connectionString: databaseUrl, max }));

/** The bank's connections, with no more rights than its server has. */
export const serverPool = (databaseUrl: string, max: number): pg.Pool =>
  quiet(new pg.Pool({ ...serverConnection(databaseUrl, 'bench'), max }));

/** PostgreSQL is stopped right after the pools: a connection that it ends first is no error. */
function quiet(pool: pg.Pool): pg.Pool {
  return pool.on('error', () => undefined);
}
