/** The writer lock as an advisory lock in PostgreSQL, which is given in the order of asking and freed with its connection. */
import type pg from 'pg';
import { advisoryLocks } from '../postgres-names.ts';
import type { WriterLock } from './writer-lock.ts';

const ignore = (): void => undefined;

/** Whoever holds it for longer does nothing any more: the database ends the connection, and so frees the lock. A judgement. */
const freedAfterMs = 5_000;

export function postgresWriterLock({ pool }: { readonly pool: pg.Pool }): WriterLock {
  return {
    async acquire({ timeoutMs }) {
      const client = await pool.connect();
      // A connection lost while it is held gives its lock back; the next statement meets the error.
      client.on('error', ignore);
      const release = (broken: boolean): void => {
        client.off('error', ignore);
        client.release(broken);
      };
      try {
        // A transaction's lock, because only a transaction that does nothing is ended by the database.
        await client.query(`
          begin;
          set local lock_timeout = ${String(timeoutMs)};
          set local idle_in_transaction_session_timeout = ${String(freedAfterMs)};
          select pg_advisory_xact_lock(${String(advisoryLocks.writer)})`);
      } catch (error) {
        release(true);
        throw error;
      }
      return async () => {
        try {
          await client.query('commit');
          release(false);
        } catch {
          // A connection that is closed gives its locks back.
          release(true);
        }
      };
    },
  };
}
