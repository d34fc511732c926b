/** Reads a log from the oldest of its rotated files on, and goes on where it ended, also when it is rotated meanwhile. */
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

export type LogTailOptions = {
  /** The files of one log, the oldest first: each is renamed to the one before it when the last is begun anew. */
  readonly paths: readonly string[];
  /** The process that wrote them. */
  readonly source: string;
};

/** A log that is not there yet has no lines. */
export function logTail({ paths, source }: LogTailOptions): LogTail {
  let handle: FileHandle | undefined;
  let position = 0;
  let rest: Buffer = Buffer.alloc(0);
  let lines: LogLine[] = [];
  let taken = 0;
  let time = '';

  async function readOn(): Promise<boolean> {
    handle ??= await openFirst(paths);
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

  /** Goes over to the file that follows the one that was read to its end; false when that is the last one. */
  async function goOn(): Promise<boolean> {
    if (handle === undefined) return false;
    const { ino } = await handle.stat();
    const named = await Promise.all(paths.map((path) => stat(path).catch(() => undefined)));
    const at = named.findIndex((file) => file?.ino === ino);
    const isLast = at === paths.length - 1;
    if (isLast && (named[at]?.size ?? 0) >= position) return false;
    // A rotation names the new last file a moment after it renamed the others.
    if (!isLast && !named.slice(at + 1).some((file) => file !== undefined)) return false;
    // Written to between the last reading and the renaming.
    if (await readOn()) return true;
    const next = await openFirst(isLast ? paths.slice(-1) : paths.slice(at + 1));
    if (next === undefined) return false;
    await close();
    handle = next;
    return true;
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
      while (lines.length === 0 && ((await readOn()) || (await goOn())));
    },
    close,
  };
}

/** The first of the files that is there. */
async function openFirst(paths: readonly string[]): Promise<FileHandle | undefined> {
  for (const path of paths) {
    try {
      return await open(path);
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error;
    }
  }
  return undefined;
}
