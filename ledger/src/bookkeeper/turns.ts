/** The port for taking turns: servers that met a conflict write one after the other, so that each makes progress. */

export interface Turns {
  /** Waits for the turn; the function it gives ends it. Rejects when turns cannot be had just now. */
  take(): Promise<() => Promise<void>>;
}
