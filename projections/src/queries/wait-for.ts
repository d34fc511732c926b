/** Waiting for the read model: one listener and one poll of the checkpoint serve everybody who waits. */
import type pg from 'pg';

/** A notification can be lost with its connection: while somebody waits, the checkpoint is polled this often anyway. A judgement. */
const pollMs = 250;
/** Beyond this many, the next gets the answer of a timeout at once. A judgement. */
const mostWaiters = 10_000;

type Waiter = { readonly position: number; readonly settle: (reached: boolean) => void };

export type CheckpointWatch = {
  /** False when `timeoutMs` ran out, or too many wait already. */
  waitFor(position: number, timeoutMs: number): Promise<boolean>;
  /** Ends every wait as if its time had run out, and gives the listener's connection back. */
  close(): void;
};

export function watchCheckpoint(pool: pg.Pool, position: () => Promise<number>): CheckpointWatch {
  const waiters = new Set<Waiter>();
  let poll: NodeJS.Timeout | undefined;
  let stopListening: (() => void) | undefined;
  let polling: 'none' | 'running' | 'once more' = 'none';
  let closed = false;
  const isClosed = (): boolean => closed;
  const wasAskedAgain = (): boolean => polling === 'once more';

  /** Reads the checkpoint for all who wait; who comes while it is being read is served by one more read. */
  async function check(): Promise<void> {
    if (polling !== 'none') {
      polling = 'once more';
      return;
    }
    try {
      do {
        polling = 'running';
        const reached = await position();
        for (const waiter of waiters) if (waiter.position <= reached) waiter.settle(true);
      } while (waiters.size > 0 && wasAskedAgain());
    } catch {
      // The database is away: whoever waits goes on waiting, and the next poll may find it back.
    }
    polling = 'none';
  }

  async function listen(): Promise<void> {
    if (stopListening !== undefined || isClosed()) return;
    let client: pg.PoolClient | undefined;
    const stop = (): void => {
      if (stopListening === stop) stopListening = undefined;
      client?.release(true);
      client = undefined;
    };
    stopListening = stop;
    try {
      client = await pool.connect();
      client.on('notification', () => void check());
      client.on('error', stop);
      await client.query('listen read_model');
      if (isClosed()) stop();
    } catch {
      // Polling alone must do until the database is back.
      stop();
    }
  }

  return {
    waitFor(wanted, timeoutMs) {
      if (isClosed() || waiters.size >= mostWaiters) return Promise.resolve(false);
      return new Promise((resolve) => {
        const settle = (reached: boolean): void => {
          clearTimeout(timer);
          waiters.delete(waiter);
          if (waiters.size === 0) {
            clearInterval(poll);
            poll = undefined;
          }
          resolve(reached);
        };
        const waiter = { position: wanted, settle };
        const timer = setTimeout(settle, timeoutMs, false);
        waiters.add(waiter);
        poll ??= setInterval(() => {
          void listen();
          void check();
        }, pollMs);
        void listen();
        void check();
      });
    },
    close() {
      closed = true;
      for (const waiter of waiters) waiter.settle(false);
      stopListening?.();
    },
  };
}
