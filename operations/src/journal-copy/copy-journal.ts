/** Copies one journal to another, event by event as they are stored, and compares the two from the first event on. */
import { createHash } from 'node:crypto';
import type { StoredEvent } from '../../../ledger/src/domain/codec.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';

const readLimit = 1_000;

/**
 * Adds to `to` what `from` has more, after having seen that all of `to` is how `from` begins. Killed at any moment, it
 * can be run again and goes on. Gives how many events were added. Throws `Failure`.
 */
export async function copyJournal(from: Journal, to: Journal, onProgress: OnProgress): Promise<number> {
  const [end, before] = [await from.head(), await to.head()];
  if (before > end) {
    throw new Failure(
      `The target has ${String(before)} events, more than the source with ${String(end)}: is this the right direction?`,
    );
  }
  await compare({ from, to, end: before, phase: 'comparing what is there' }, onProgress);
  for (let position = before; position < end;) {
    const events = await from.read({ from: position + 1, limit: Math.min(readLimit, end - position) });
    if (events.length === 0) throw new Failure(`The source ends at ${String(position)} all of a sudden.`);
    for (const part of parts(events, to.largestAppendBytes)) {
      const { appended, head } = await to.append(part, { after: position });
      if (!appended) {
        throw new Failure(
          `Somebody else writes to the target (it is at position ${String(head)}): stop that, and run the copy again.`,
        );
      }
      position = head;
      onProgress({ phase: 'copying', done: position, total: end });
    }
  }
  return end - before;
}

/** Compares every event of both; what the source got meanwhile is left out. Throws `Failure` at the first difference. */
export async function sameJournals(
  from: Journal,
  to: Journal,
  onProgress: OnProgress,
): Promise<{ readonly events: number; readonly digests: { readonly from: string; readonly to: string } }> {
  const end = await to.head();
  const digests = await compare({ from, to, end, phase: 'verifying' }, onProgress);
  return { events: end, digests };
}

async function compare(
  what: { readonly from: Journal; readonly to: Journal; readonly end: number; readonly phase: string },
  onProgress: OnProgress,
): Promise<{ readonly from: string; readonly to: string }> {
  const { from, to, end, phase } = what;
  const hashes = { from: createHash('sha256'), to: createHash('sha256') };
  const range = (position: number): { from: number; limit: number } => ({
    from: position + 1,
    limit: Math.min(readLimit, end - position),
  });
  for (let position = 0; position < end;) {
    const [theirs, ours] = await Promise.all([from.read(range(position)), to.read(range(position))]);
    for (const [index, event] of ours.entries()) {
      const original = theirs[index];
      if (original === undefined || line(event) !== line(original)) {
        throw new Failure(
          `The target is no copy of the source: they differ at position ${String(event.position)}. Nothing was changed there; copy into an empty journal.`,
        );
      }
      hashes.from.update(line(original));
      hashes.to.update(line(event));
    }
    if (ours.length === 0) throw new Failure(`The target ends at ${String(position)} all of a sudden.`);
    position += ours.length;
    onProgress({ phase, done: position, total: end });
  }
  return { from: hashes.from.digest('hex'), to: hashes.to.digest('hex') };
}

/** What is compared and hashed: all of an event, as it is stored. */
const line = ({ position, id, type, data, metadata }: JournalEvent): string =>
  `${String(position)}\n${id}\n${type}\n${data}\n${metadata}\n`;

function* parts(events: readonly StoredEvent[], largestBytes: number): Generator<readonly StoredEvent[]> {
  let part: StoredEvent[] = [];
  let bytes = 0;
  for (const event of events) {
    const size = Buffer.byteLength(event.data) + Buffer.byteLength(event.metadata);
    if (part.length > 0 && bytes + size > largestBytes) {
      yield part;
      [part, bytes] = [[], 0];
    }
    part.push(event);
    bytes += size;
  }
  yield part;
}
