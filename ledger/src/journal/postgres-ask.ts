/** One statement on a connection of a pool, which is closed when nobody waits for the answer any more. */
import type pg from 'pg';

const ignore = (): void => undefined;

/**
 * As `pool.query`; where `signal` aborts before the answer is there, the pool has room for another connection at once,
 * instead of when the statement's own time has run out.
 */
export async function ask<Row extends pg.QueryResultRow>(
  pool: pg.Pool,
  query: pg.QueryConfig,
  signal: AbortSignal | undefined,
): Promise<pg.QueryResult<Row>> {
  if (signal === undefined) return pool.query<Row>(query);
  const client = await pool.connect();
  // Lost while it is in use: the statement meets the error.
  client.on('error', ignore);
  let isReleased = false;
  const release = (isBroken: boolean): void => {
    if (isReleased) return;
    isReleased = true;
    signal.removeEventListener('abort', giveUp);
    client.off('error', ignore);
    client.release(isBroken);
  };
  const giveUp = (): void => {
    release(true);
  };
  signal.addEventListener('abort', giveUp);
  try {
    signal.throwIfAborted();
    const result = await client.query<Row>(query);
    release(false);
    return result;
  } catch (error) {
    release(true);
    throw error;
  }
}
