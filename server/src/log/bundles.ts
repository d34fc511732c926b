/** The entries or events that the hashes of a tile are of, each after its length, piece by piece. */
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { BundleForm } from '../../../ledger/src/transparency/bundle-forms.ts';
import { bundleForms } from '../../../ledger/src/transparency/bundle-forms.ts';

/** An event may be large: so many are in memory at a time. */
const pageEvents = 32;

export async function* bundle(
  journal: Journal,
  form: BundleForm,
  { from, count }: { readonly from: number; readonly count: number },
): AsyncGenerator<Buffer> {
  for (let done = 0; done < count; done += pageEvents) {
    const events = await journal.read({ from: from + done, limit: Math.min(pageEvents, count - done) });
    if (events.length === 0) throw new Error(`the journal lacks event ${String(from + done)}, which was signed`);
    yield Buffer.concat(events.map(bundleForms[form]));
  }
}
