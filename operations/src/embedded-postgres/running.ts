/** A database server that runs: whether it is alive, whether it answers, and who else uses it. */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { advisoryLocks, applicationNames } from '../../../ledger/src/postgres-names.ts';

/** Whether this process is a PostgreSQL on that data: after a crash or a reboot the number may be another program's. */
export function runsOn(pid: number, dataDir: string): boolean {
  try {
    if (process.platform === 'linux') {
      // Empty for a process that has ended and was not waited for yet.
      return readFileSync(`/proc/${String(pid)}/cmdline`, 'utf8')
        .split('\0')
        .includes(dataDir);
    }
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const wrongPassword = '28P01';

/** 'stranger': something answers there, but it does not know our password. */
export async function queryStatus(connectionString: string): Promise<'answers' | 'silent' | 'stranger'> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return 'answers';
  } catch (error) {
    return error instanceof pg.DatabaseError && error.code === wrongPassword ? 'stranger' : 'silent';
  } finally {
    await client.end().catch(() => undefined);
  }
}

export type Use = {
  /** Resolves to true when nobody else uses the server, or nobody can tell any more. */
  leave(): Promise<boolean>;
};

/** Tells the server's other users that this process uses it: whoever leaves last stops it. */
export async function use(connectionString: string): Promise<Use> {
  const client = new pg.Client({ connectionString, application_name: applicationNames.inUse });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('select pg_advisory_lock_shared($1)', [advisoryLocks.embeddedServerInUse]);
  return {
    async leave() {
      try {
        await client.query('select pg_advisory_unlock_shared($1)', [advisoryLocks.embeddedServerInUse]);
        const { rows } = await client.query<{ last: boolean }>('select pg_try_advisory_lock($1) as last', [
          advisoryLocks.embeddedServerInUse,
        ]);
        return rows[0]?.last === true;
      } catch {
        return true;
      } finally {
        await client.end().catch(() => undefined);
      }
    },
  };
}
