/** The connections with the server's role: what each pool is for and how much it may take, in one table. */
import pg from 'pg';
import { applicationNames } from '../../ledger/src/postgres-names.ts';

/** Which program connects. */
export type Application = 'server' | 'command' | 'bench';

/**
 * One pool for each kind of work, so that none of it waits for another kind's connections. The sizes are modest because
 * PostgreSQL has 100 connections unless told otherwise, and several servers may share them; the bookkeeper sends its
 * appends on one connection at a time.
 */
const limits = {
  /** Sessions, PINs, the read model. */
  requests: { max: 10, statement_timeout: 10_000 },
  /** The bookkeeper: appends, the journal's tail, keys it no longer remembers. */
  bookkeeper: { max: 4, statement_timeout: 30_000 },
  /** The journal as auditors read it. */
  audit: { max: 4, statement_timeout: 30_000 },
  /** Waits for the writer lock for as long as another server holds it: no limit of time. */
  writerLock: { max: 1 },
} satisfies Readonly<Record<string, pg.PoolConfig>>;

export type Pools = Readonly<Record<keyof typeof limits, pg.Pool>>;

export const serverConnection = (databaseUrl: string, application: Application): pg.ClientConfig => ({
  connectionString: databaseUrl,
  connectionTimeoutMillis: 5_000,
  options: '-c role=grandlivre_server',
  application_name: applicationNames[application],
  keepAlive: true,
});

/** `onLost`: told of a connection that was lost while nobody used it. The pools are the caller's to end. */
export function openPools(connection: pg.ClientConfig, onLost: (error: Error) => void): Pools {
  const open = (poolLimits: pg.PoolConfig): pg.Pool => {
    const pool = new pg.Pool({ ...connection, ...poolLimits });
    // The next use makes a new one.
    pool.on('error', onLost);
    // One lost while somebody held it: the holder meets the error at the next query, but without a listener it would
    // end the process.
    pool.on('connect', (client) => {
      client.on('error', () => undefined);
    });
    return pool;
  };
  return {
    requests: open(limits.requests),
    bookkeeper: open(limits.bookkeeper),
    audit: open(limits.audit),
    writerLock: open(limits.writerLock),
  };
}
