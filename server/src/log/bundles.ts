/** The entries or events that the hashes of a tile are of, each after its length, piece by piece. */
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { entryOf, eventText } from '../../../ledger/src/transparency/entry.ts';

/** An event may be large: so many are in memory at a time. */
const pageEvents = 32;

export const bundleForms = {
  entries: (event: JournalEvent) => afterLength(entryOf(event), 2),
  events: (event: JournalEvent) => afterLength(Buffer.from(eventText(event)), 4),
} as const;

const afterLength = (bytes: Buffer, lengthBytes: 2 | 4): Buffer => {
  const length = Buffer.alloc(lengthBytes);
  length.writeUIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
};

export async function* bundle(
  journal: Journal,
  form: keyof typeof bundleForms,
  { from, count }: { readonly from: number; readonly count: number },
): AsyncGenerator<Buffer> {
  for (let done = 0; done < count; done += pageEvents) {
    const events = await journal.read({ from: from + done, limit: Math.min(pageEvents, count - done) });
    if (events.length === 0) throw new Error(`the journal lacks event ${String(from + done)}, which was signed`);
    yield Buffer.concat(events.map(bundleForms[form]));
  }
}
