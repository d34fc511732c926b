/** The threads for work that takes long, so that it never holds the event loop on which payments are decided. */
import { Piscina } from 'piscina';
import type * as tasks from './tasks.ts';

type Tasks = typeof tasks;
type InputOf<N extends keyof Tasks> = Parameters<Tasks[N]>[0];
type OutputOf<N extends keyof Tasks> = Awaited<ReturnType<Tasks[N]>>;

export type ThreadPool = {
  /**
   * Undefined when too much waits already. `signal` ends it, wherever it has got to: rejects with the signal's reason, or an
   * `AbortError`.
   */
  run<N extends keyof Tasks>(name: N, input: InputOf<N>, signal: AbortSignal): Promise<OutputOf<N> | undefined>;
  /** How many wait for a thread. */
  readonly waiting: number;
  close(): Promise<void>;
};

/** A judgement: the bank runs on small machines, and one core is the bookkeeper's. */
const mostThreads = 2;
/** What waits holds its entries in memory. A judgement. */
const mostWaiting = 32;
/** An idle thread's memory is given back after so long. */
const idleMs = 30_000;
/** Behind the thread that takes payments, where the system has such an order (`nice`). */
const niceIncrement = 10;

export function threadPool(): ThreadPool {
  const pool = new Piscina({
    filename: new URL('tasks.ts', import.meta.url).href,
    ...{ minThreads: 0, maxThreads: mostThreads, idleTimeout: idleMs, niceIncrement },
    ...{ maxQueue: mostWaiting, concurrentTasksPerWorker: 1 },
  });
  return {
    async run<N extends keyof Tasks>(
      name: N,
      input: InputOf<N>,
      signal: AbortSignal,
    ): Promise<OutputOf<N> | undefined> {
      signal.throwIfAborted();
      if (pool.queueSize >= mostWaiting) return undefined;
      return (pool as Piscina<unknown, OutputOf<N>>).run(input, { name, signal });
    },
    get waiting() {
      return pool.queueSize;
    },
    close: () => pool.destroy(),
  };
}
