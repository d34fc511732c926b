/** The snapshot: the book of one position, saved for a quicker start, with a digest of its content. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { BookColumns, LiveBook } from './book.ts';
import type { SeenColumns, SeenKeys } from './seen-keys.ts';
import type { CashColumns, TerminalCash } from './terminal-cash.ts';

export type Snapshot = {
  readonly position: number;
  /** The id of the event at `position`: a snapshot of another journal is noticed by it. */
  readonly eventId: string;
  readonly columns: BookColumns;
  /** Absent in one that an earlier program saved. */
  readonly cash?: CashColumns;
  /** Where the journal does not find commands by their keys itself. */
  readonly seen?: SeenColumns;
};

export interface SnapshotStore {
  /** Undefined when there is none, or its digest does not fit. What it says of the journal is the caller's to check. */
  load(): Promise<Snapshot | undefined>;
  /** Copies the book's content before it returns; the promise is for the writing. */
  readonly save: SaveSnapshot;
}

export type SnapshotPosition = Pick<Snapshot, 'position' | 'eventId'>;

/** What is saved beside the book. */
type Beside = { readonly cash: TerminalCash; readonly seen?: SeenKeys };

/** Saves the book as of a position, for a quicker start. */
type SaveSnapshot = (book: LiveBook, at: SnapshotPosition, beside: Beside) => Promise<void>;

const digestBytes = 32;
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** A book's snapshot as bytes: a SHA-256 digest, then the content. */
export function toBytes(book: LiveBook, at: SnapshotPosition, { cash, seen }: Beside): Buffer {
  const columns = { columns: book.columns(), cash: cash.columns(), ...(seen && { seen: seen.columns() }) };
  const snapshot: Snapshot = { ...at, ...columns };
  const content = serialize(snapshot);
  return Buffer.concat([digest(content), content]);
}

export function fromBytes(bytes: Buffer): Snapshot | undefined {
  const content = bytes.subarray(digestBytes);
  if (!digest(content).equals(bytes.subarray(0, digestBytes))) return undefined;
  return deserialize(content) as Snapshot;
}

/** The latest snapshot in one file, replaced as a whole. A file of another format version is not noticed. */
export function fileSnapshots({ path }: { readonly path: string }): SnapshotStore {
  return {
    async load() {
      try {
        return fromBytes(await readFile(path));
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }
    },
    async save(book, at, beside) {
      const bytes = toBytes(book, at, beside);
      await mkdir(dirname(path), { recursive: true });
      const written = `${path}.${randomUUID()}`;
      await writeFile(written, bytes, { flush: true, mode: 0o600 });
      await rename(written, path);
    },
  };
}
