/** The port to the writer lock: servers that met a conflict write one after the other, so that each makes progress. */

export interface WriterLock {
  /** Waits for the lock; the function it gives releases it. Rejects when the lock cannot be had just now. */
  acquire(): Promise<() => Promise<void>>;
}
