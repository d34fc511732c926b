/** A snapshot as bytes in a file: a mark with the format's version, a SHA-256 digest, then the content. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import type { BookColumns } from './book.ts';
import type { SeenColumns } from './seen-keys.ts';
import type { CashColumns } from './terminal-cash.ts';

export type Snapshot = {
  readonly position: number;
  /** The id of the event at `position`: a snapshot of another journal is noticed by it. */
  readonly eventId: string;
  readonly columns: BookColumns;
  readonly cash: CashColumns;
  /** Where the journal does not find commands by their keys itself. */
  readonly seen?: SeenColumns;
};

/** To be raised whenever what a snapshot holds, or how it is read, changes. */
const formatVersion = 2;
const mark = Buffer.from(`grand-livre book ${String(formatVersion)}\n`);
const digestBytes = 32;
const digest = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Why a file is of no use. */
export type Unusable = { readonly unusable: string };

export function toBytes(snapshot: Snapshot): Buffer {
  const content = serialize(snapshot);
  return Buffer.concat([mark, digest(content), content]);
}

/** Never throws: a file that this program cannot read is no reason not to start. */
export function fromBytes(bytes: Buffer): Snapshot | Unusable {
  if (!bytes.subarray(0, mark.length).equals(mark)) return { unusable: 'it is of another format version' };
  const content = bytes.subarray(mark.length + digestBytes);
  if (!digest(content).equals(bytes.subarray(mark.length, mark.length + digestBytes))) {
    return { unusable: 'its digest does not fit' };
  }
  try {
    return deserialize(content) as Snapshot;
  } catch (error) {
    return { unusable: String(error) };
  }
}

/** Replaces the file as a whole. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const written = `${path}.${randomUUID()}`;
  try {
    await writeFile(written, toBytes(snapshot), { flush: true, mode: 0o600 });
    await rename(written, path);
  } catch (error) {
    await rm(written, { force: true });
    throw error;
  }
}
