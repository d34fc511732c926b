/** Waiting for notifications on a PostgreSQL channel, or until a time has passed. */
import type pg from 'pg';

export type Notifications = {
  /** Resolves at the next notification, at once if one came since the last call, or after `timeoutMs`. */
  wait(timeoutMs: number): Promise<void>;
  /** Ends a wait as a notification would. */
  wake(): void;
  close(): Promise<void>;
};

/** Listens on `channel` with a connection of its own; rejects when that connection cannot be had. */
export async function listen(pool: pg.Pool, channel: string): Promise<Notifications> {
  const client = await pool.connect();
  let pending = false;
  let endWait: (() => void) | undefined;
  const notify = (): void => {
    pending = true;
    endWait?.();
  };
  client.on('notification', notify);
  // A broken connection gives no more notifications: whoever waits still reads after its timeout and meets the error there.
  client.on('error', notify);
  try {
    await client.query(`listen ${client.escapeIdentifier(channel)}`);
  } catch (error) {
    client.release(true);
    throw error;
  }
  return {
    wake: notify,
    async wait(timeoutMs) {
      if (!pending) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, timeoutMs);
          endWait = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      pending = false;
      endWait = undefined;
    },
    close() {
      client.release(true);
      return Promise.resolve();
    },
  };
}
