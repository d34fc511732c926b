/** Reads a log from its beginning and goes on where it ended, also when it is renamed and begun anew. */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { isCode } from '../../../ledger/src/failure.ts';
import type { LogLine } from './log-line.ts';
import { readLine } from './log-line.ts';

const chunkBytes = 256 * 1024;
const lineFeed = 0x0a;

export type LogTail = {
  /** The next line that has been read, if there is one. */
  readonly first: () => LogLine | undefined;
  readonly takeFirst: () => void;
  /** Reads on when every line that was read has been taken. */
  readonly fill: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** A log that is not there yet has no lines. */
export function logTail(path: string, source: string): LogTail {
  let handle: FileHandle | undefined;
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  let lines: LogLine[] = [];
  let taken = 0;
  let time = '';

  async function readOn(): Promise<boolean> {
    handle ??= await openIfThere(path);
    if (handle === undefined) return false;
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes, position);
    position += bytesRead;
    const bytes = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    const end = bytes.lastIndexOf(lineFeed) + 1;
    rest = bytes.subarray(end);
    for (const text of bytes.subarray(0, end).toString().split('\n')) {
      if (text === '') continue;
      const line = readLine(text, source, time);
      time = line.time;
      lines.push(line);
    }
    return bytesRead > 0;
  }

  /** Whether the path names another file by now. */
  async function isReplaced(): Promise<boolean> {
    if (handle === undefined) return false;
    const [named, opened] = [await stat(path).catch(() => undefined), await handle.stat()];
    return named !== undefined && (named.ino !== opened.ino || named.size < position);
  }

  async function close(): Promise<void> {
    await handle?.close();
    handle = undefined;
    position = 0;
    rest = Buffer.alloc(0);
  }

  return {
    first: () => lines[taken],
    takeFirst() {
      taken += 1;
    },
    async fill() {
      if (taken < lines.length) return;
      lines = [];
      taken = 0;
      while (lines.length === 0 && (await readOn()));
      if (lines.length === 0 && (await isReplaced())) await close();
    },
    close,
  };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  return open(path).catch((error: unknown) => {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  });
}
