/** Lines to a stream that may be slow, stuck or full: what it does not take is dropped and counted, and nobody waits. */
import type { Writable } from 'node:stream';
import { finished } from 'node:stream/promises';

/** Some thousand lines of the log: enough for a reader that pauses, little beside the process's own memory. */
const mostBufferedBytes = 4 * 1024 * 1024;
/** How long a stream that failed is left alone: one attempt a second costs nothing. */
const retryMs = 1_000;
const endWithinMs = 2_000;

export type BoundedLines = {
  /** `line` ends with a line feed. */
  write(line: string): void;
  /** Resolves when what was taken is written, or when that takes too long. */
  end(): Promise<void>;
};

export type BoundedLinesOptions = {
  /** Opens the stream, again after it failed; it has a listener for its errors already. */
  readonly open: () => Writable;
  /** The line that says how many were dropped, written as soon as lines are written again. */
  readonly describeDropped: (count: number) => string;
};

export function boundedLines({ open, describeDropped }: BoundedLinesOptions): BoundedLines {
  let stream: Writable | undefined;
  let retryAt = 0;
  let dropped = 0;

  function opened(): Writable | undefined {
    if (stream === undefined && performance.now() >= retryAt) stream = open();
    return stream;
  }

  function hand(to: Writable, line: string, count: number): void {
    to.write(line, (error) => {
      if (!(error instanceof Error)) {
        if (dropped > 0 && to.writableLength < mostBufferedBytes) reportDropped(to);
        return;
      }
      dropped += count;
      if (stream === to) {
        stream = undefined;
        retryAt = performance.now() + retryMs;
      }
    });
  }

  function reportDropped(to: Writable): void {
    const count = dropped;
    dropped = 0;
    // Should this line be lost as well, the lines that it counts are still counted.
    hand(to, describeDropped(count), count);
  }

  return {
    write(line) {
      const to = opened();
      if (to === undefined || to.writableLength >= mostBufferedBytes) dropped += 1;
      else hand(to, line, 1);
    },
    async end() {
      const ending = stream;
      stream = undefined;
      retryAt = Infinity;
      if (ending === undefined) return;
      ending.end();
      await finished(ending, { signal: AbortSignal.timeout(endWithinMs) }).catch(() => undefined);
    },
  };
}
