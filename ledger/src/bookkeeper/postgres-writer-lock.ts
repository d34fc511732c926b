/** The writer lock as an advisory lock in PostgreSQL, which is given in the order of asking and freed with its connection. */
import type pg from 'pg';
import { advisoryLocks } from '../postgres-names.ts';
import type { WriterLock } from './writer-lock.ts';

const ignore = (): void => undefined;

export function postgresWriterLock({ pool }: { readonly pool: pg.Pool }): WriterLock {
  return {
    async acquire() {
      const client = await pool.connect();
      // A connection lost while it is held gives its lock back; the next statement meets the error.
      client.on('error', ignore);
      const release = (broken: boolean): void => {
        client.off('error', ignore);
        client.release(broken);
      };
      try {
        await client.query({
          name: 'writer_lock_acquire',
          text: 'select pg_advisory_lock($1)',
          values: [advisoryLocks.writer],
        });
      } catch (error) {
        release(true);
        throw error;
      }
      return async () => {
        try {
          await client.query({
            name: 'writer_lock_release',
            text: 'select pg_advisory_unlock($1)',
            values: [advisoryLocks.writer],
          });
          release(false);
        } catch {
          // A connection that is closed gives its locks back.
          release(true);
        }
      };
    },
  };
}
