/** A bell on a PostgreSQL notification channel: wait until somebody rings, or a time has passed. */
import type pg from 'pg';

export type Bell = {
  /** Resolves at the next notification, at once if one came since the last call, or after `timeoutMs`. */
  rung(timeoutMs: number): Promise<void>;
  ring(): void;
  close(): Promise<void>;
};

/** Listens on `channel` with a connection of its own; rejects when that connection cannot be had. */
export async function listen(pool: pg.Pool, channel: string): Promise<Bell> {
  const client = await pool.connect();
  let pending = false;
  let wake: (() => void) | undefined;
  const ring = (): void => {
    pending = true;
    wake?.();
  };
  client.on('notification', ring);
  // A broken connection only makes the bell silent: whoever waits still looks after its timeout and meets the error there.
  client.on('error', ring);
  try {
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
  } catch (error) {
    client.release(true);
    throw error;
  }
  return {
    ring,
    async rung(timeoutMs) {
      if (!pending) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      pending = false;
      wake = undefined;
    },
    close() {
      client.release(true);
      return Promise.resolve();
    },
  };
}
