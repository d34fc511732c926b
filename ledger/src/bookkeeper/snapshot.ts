/** The snapshot: the book of one position, kept for a quicker start; a cache that is checked before it is believed. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { BookColumns, LiveBook } from './book.ts';

export type Snapshot = {
  readonly position: number;
  /** The id of the event at `position`: a snapshot of another journal is noticed by it. */
  readonly eventId: string;
  readonly columns: BookColumns;
};

export interface SnapshotStore {
  /** Undefined when there is none, or it is not whole. */
  load(): Promise<Snapshot | undefined>;
  save(book: LiveBook, at: { readonly position: number; readonly eventId: string }): Promise<void>;
}

const digestBytes = 32;
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** A book's snapshot as bytes: a SHA-256 digest, then the content. */
export function toBytes(book: LiveBook, at: { readonly position: number; readonly eventId: string }): Buffer {
  const content = serialize({ ...at, columns: book.columns() } satisfies Snapshot);
  return Buffer.concat([digest(content), content]);
}

export function fromBytes(bytes: Buffer): Snapshot | undefined {
  const content = bytes.subarray(digestBytes);
  if (!digest(content).equals(bytes.subarray(0, digestBytes))) return undefined;
  return deserialize(content) as Snapshot;
}

/** Keeps the latest snapshot in one file, replaced as a whole. */
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
    async save(book, at) {
      const bytes = toBytes(book, at);
      await mkdir(dirname(path), { recursive: true });
      const written = `${path}.${randomUUID()}`;
      await writeFile(written, bytes, { flush: true, mode: 0o600 });
      await rename(written, path);
    },
  };
}
