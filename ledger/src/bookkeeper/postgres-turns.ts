/** Turns by an advisory lock in PostgreSQL, which hands it on in the order of asking and frees it when its holder dies. */
import type pg from 'pg';
import type { Turns } from './turns.ts';

/** Any number will do, so long as nothing else in this database locks it. */
const lockKey = 7_241_001;

const ignore = (): void => undefined;

export function postgresTurns({ pool }: { readonly pool: pg.Pool }): Turns {
  return {
    async take() {
      const client = await pool.connect();
      // A connection lost while it is held gives its lock back; the next statement meets the error.
      client.on('error', ignore);
      const release = (broken: boolean): void => {
        client.off('error', ignore);
        client.release(broken);
      };
      try {
        await client.query({ name: 'turn_take', text: 'select pg_advisory_lock($1)', values: [lockKey] });
      } catch (error) {
        release(true);
        throw error;
      }
      return async () => {
        try {
          await client.query({ name: 'turn_end', text: 'select pg_advisory_unlock($1)', values: [lockKey] });
          release(false);
        } catch {
          // A connection that is closed gives its locks back.
          release(true);
        }
      };
    },
  };
}
