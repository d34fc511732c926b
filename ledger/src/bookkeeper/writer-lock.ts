/** The port to the writer lock: servers that met a conflict write one after the other, so that each makes progress. */

/** It makes writing fair and nothing else: whoever has to wait for it too long writes without it. */
export interface WriterLock {
  /** Waits for the lock, at most so long; the function it gives releases it. Rejects when the lock cannot be had by then. */
  acquire(options: { readonly timeoutMs: number }): Promise<() => Promise<void>>;
}
