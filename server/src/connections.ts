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
  bookkeeper: { max: 4, statement_timeout: 10_000, query_timeout: 12_000 },
  /** The journal as auditors read it. */
  audit: { max: 4, statement_timeout: 30_000 },
  /** Its one statement that waits has its own limit. */
  writerLock: { max: 1, query_timeout: 5_000 },
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

/** A database that does not answer would keep a connection from closing for ever. A judgement. */
const endWithinMs = 1_500;

/** Waits for all connections to close, but not for ever: the process that ends takes them with it. */
export async function endPools(pools: Pools): Promise<void> {
  const late = Promise.withResolvers<undefined>();
  const tooLong = setTimeout(late.resolve, endWithinMs, undefined);
  await Promise.race([Promise.all(Object.values(pools).map((pool) => pool.end())), late.promise]);
  clearTimeout(tooLong);
}
