/** What stands beside the hashes of a tile, in files of its name: their entries (c2sp.org/tlog-tiles), and the events these are of. */
import type { JournalEvent } from '../journal/journal.ts';
import { entryOf, eventText } from './entry.ts';

/** Each after its length, big-endian. */
export const bundleForms = {
  entries: (event: JournalEvent) => afterLength(entryOf(event), 2),
  events: (event: JournalEvent) => afterLength(Buffer.from(eventText(event)), 4),
} as const;

export type BundleForm = keyof typeof bundleForms;

function afterLength(bytes: Buffer, lengthBytes: 2 | 4): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}
