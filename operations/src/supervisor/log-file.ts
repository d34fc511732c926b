/** A program's log on disk: rotated while it grows, within a bound, and never a reason for the program to wait. */
import { finished } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { createStream } from 'rotating-file-stream';
import { boundedLines } from '../../../ledger/src/bounded-lines.ts';
import type { ProcessName } from '../../../ledger/src/log.ts';
import { droppedLine } from '../../../ledger/src/log.ts';

/** Together at most 512 MiB for each program. */
const rotation = { size: '64M', olderFiles: 7 } as const;

/** The older files of a log, the oldest first: a rotation renames each to the next number, and the last one goes. */
export const olderLogs = (path: string): readonly string[] =>
  Array.from({ length: rotation.olderFiles }, (_, index) => `${path}.${String(rotation.olderFiles - index)}`);

/** More than any line of the log; what is longer is cut into pieces. */
const mostLineCharacters = 256 * 1024;
const lastLinesWithinMs = 1_000;

export type LogFile = {
  /** Writes everything that a run of the program says. */
  take(output: Readable): void;
  /** After the program has ended: resolves when its last lines are written, or when that takes too long. */
  close(): Promise<void>;
};

export type LogFileOptions = {
  readonly name: ProcessName;
  readonly path: string;
  /** At which a file is rotated, such as `64M`. */
  readonly size?: string;
};

export function openLogFile({ name, path, size = rotation.size }: LogFileOptions): LogFile {
  const file = boundedLines({
    open: () => createStream(path, { size, rotate: rotation.olderFiles, mode: 0o600 }).on('error', () => undefined),
    describeDropped: (count) => droppedLine(name, count),
  });
  const outputs = new Set<Readable>();
  return {
    take(output) {
      outputs.add(output);
      writeLines(output, (line) => {
        file.write(line);
      });
      output.on('close', () => outputs.delete(output));
    },
    async close() {
      const signal = AbortSignal.timeout(lastLinesWithinMs);
      await Promise.allSettled([...outputs].map((output) => finished(output, { signal, writable: false })));
      await file.end();
    },
  };
}

function writeLines(output: Readable, write: (line: string) => void): void {
  let rest = '';
  const writeRest = (): void => {
    if (rest !== '') write(`${rest}\n`);
    rest = '';
  };
  output.setEncoding('utf8');
  output.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) write(`${line}\n`);
    if (rest.length >= mostLineCharacters) writeRest();
  });
  output.on('end', writeRest);
  output.on('error', () => undefined);
}
