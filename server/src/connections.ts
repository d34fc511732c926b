/** The connections with the server's role: what each pool is for and how much it may take, in one table. */
import pg from 'pg';
import { within } from '../../ledger/src/bounded-wait.ts';
import { keepAlive, keepAliveOptions } from '../../ledger/src/postgres-liveness.ts';
import { applicationNames } from '../../ledger/src/postgres-names.ts';

/** Which program connects. */
export type Application = 'server' | 'command' | 'bench';

type Limits = { readonly max: number; readonly statementMs: number };

/**
 * One pool for each kind of work, so that none of it waits for another kind's connections. The sizes are modest because
 * PostgreSQL has 100 connections unless told otherwise, and several servers share them: docs/decisions/database-roles.md
 * has the sum. A wait for one of them ends after `connectionTimeoutMillis`.
 */
const limits = {
  /** The bookkeeper's: appends, one at a time, the journal's tail, keys it no longer remembers. */
  bookkeeper: { max: 3, statementMs: 10_000 },
  /** What a command is checked against before it is decided: sessions, PINs, limits, proposals, customers' keys. */
  commands: { max: 6, statementMs: 5_000 },
  /** What customers read; one of them listens to the projector. */
  reads: { max: 4, statementMs: 10_000 },
  /** What auditors read: accounts, the journal, folds of whole histories. */
  audit: { max: 3, statementMs: 30_000 },
  /** Feeds, verifications' progress and downloads, page by page. */
  streams: { max: 2, statementMs: 30_000 },
  /** Health and clock: answered while every other pool is busy. */
  health: { max: 1, statementMs: 2_000 },
} satisfies Readonly<Record<string, Limits>>;

/** Of the verification that runs, in its thread: one has its lock and records, three read at a time. Each statement is a piece. */
export const verificationLimits = { max: 4, statement_timeout: 300_000, query_timeout: 302_000 };

/** Its one statement that waits has its own limit (`postgres-writer-lock.ts`). */
const writerLock = { max: 1, query_timeout: 5_000 };

export type Pools = Readonly<Record<keyof typeof limits | 'writerLock', pg.Pool>>;

/** How many connections one server opens at most. */
export const connectionsOfServer = Object.values(limits).reduce((sum, { max }) => sum + max, writerLock.max);

/** A statement's wait for a lock ends before it does: whoever holds it may be a server that hangs. */
const lockMs = 3_000;
/** A server that hangs in the middle of a transaction keeps its rows locked no longer. */
const idleInTransactionMs = 10_000;
/** A database that gives no answer at all, not even that time has run out, is waited for so much longer. */
const answerMs = 2_000;

const poolConfig = ({ max, statementMs }: Limits): pg.PoolConfig => ({
  max,
  statement_timeout: statementMs,
  query_timeout: statementMs + answerMs,
  lock_timeout: lockMs,
  idle_in_transaction_session_timeout: idleInTransactionMs,
});

export const serverConnection = (databaseUrl: string, application: Application): pg.ClientConfig => ({
  connectionString: databaseUrl,
  connectionTimeoutMillis: 5_000,
  options: `-c role=grandlivre_server ${keepAliveOptions}`,
  application_name: applicationNames[application],
  ...keepAlive,
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
  const ofWork = Object.entries(limits).map(([name, one]) => [name, open(poolConfig(one))] as const);
  return { ...(Object.fromEntries(ofWork) as Record<keyof typeof limits, pg.Pool>), writerLock: open(writerLock) };
}

/** A projector's: one writes, five read (`projections/src/connection.ts`), one holds its lock. */
const connectionsOfProjector = 6;

/** What to do where PostgreSQL takes too few connections for this server and a projector; undefined where it takes enough. */
export async function connectionShortage(pool: pg.Pool): Promise<string | undefined> {
  const { rows } = await pool.query<{ usable: number }>(
    `select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
       - coalesce(current_setting('reserved_connections', true), '0')::int as usable`,
  );
  const usable = rows[0]?.usable ?? 0;
  const needed = connectionsOfServer + connectionsOfProjector;
  if (usable >= needed) return undefined;
  return `PostgreSQL takes ${String(usable)} connections, but a server and a projector may open ${String(needed)}: raise max_connections.`;
}

/** A database that does not answer would keep a connection from closing for ever. A judgement. */
const endWithinMs = 1_500;

/** Waits for all connections to close, but not for ever: the process that ends takes them with it. */
export async function endPools(pools: Pools): Promise<void> {
  await within(Promise.all(Object.values(pools).map((pool) => pool.end())), endWithinMs);
}
