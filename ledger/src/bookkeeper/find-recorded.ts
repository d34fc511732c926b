/** Which of many command ids are in the journal already, with the position, the request's hash and the first event of each. */
import { decode } from '../domain/codec.ts';
import type { LedgerEvent } from '../domain/events.ts';
import type { Journal } from '../journal/journal.ts';
import type { KeyIndex } from '../journal/key-index.ts';
import { missingKey } from './deciding.ts';
import type { JournalTail } from './journal-tail.ts';
import { readLimit } from './journal-tail.ts';
import type { RecentKeys } from './recent-keys.ts';

/** Where a command's first event is in the journal, what it says, and the keyed hash of the request it came with. */
export type RecordedCommand = { readonly position: number; readonly requestHash: string; readonly event: LedgerEvent };

type FindOptions = {
  readonly journal: Journal;
  readonly keys: KeyIndex;
  readonly recent: RecentKeys;
  readonly tail: Pick<JournalTail, 'head'>;
};

/** Complete up to the journal's head at the moment of asking; rejects when journal or read model cannot tell. */
export async function findRecorded(
  options: FindOptions,
  commandIds: readonly string[],
): Promise<ReadonlyMap<string, RecordedCommand>> {
  const { journal } = options;
  const end = await journal.head();
  const { positions, upTo } = await findPositions(options, commandIds);
  const found = new Map<string, RecordedCommand>();
  for (let start = 0; start < positions.length; start += readLimit) {
    await readFirstEvents(journal, positions.slice(start, start + readLimit), found);
  }
  await readTail(journal, { after: upTo, end, wanted: new Set(commandIds) }, found);
  return found;
}

type Positions = readonly (readonly [commandId: string, position: number])[];

/** From the cache and the read model: together complete up to `upTo`, the head at the moment they are put together. */
async function findPositions(
  { keys, recent, tail }: FindOptions,
  commandIds: readonly string[],
): Promise<{ readonly positions: Positions; readonly upTo: number }> {
  for (;;) {
    const forgottenBefore = recent.forgottenUpTo;
    const positions = new Map<string, number>();
    const unknown: string[] = [];
    for (const commandId of commandIds) {
      const position = recent.positionOf(commandId);
      if (position === undefined) unknown.push(commandId);
      else positions.set(commandId, position);
    }
    if (unknown.length === 0 || forgottenBefore === 0) return { positions: [...positions], upTo: tail.head };
    const older = await keys.lookUp(unknown);
    if (older.checkpoint < forgottenBefore) {
      throw new Error(`the read model is back at ${String(older.checkpoint)}, before ${String(forgottenBefore)}`);
    }
    // What was forgotten meanwhile, this look-up may not have seen: it is done again.
    if (older.checkpoint < recent.forgottenUpTo) continue;
    for (const commandId of unknown) {
      const position = older.positions.get(commandId) ?? recent.positionOf(commandId);
      if (position !== undefined) positions.set(commandId, position);
      else if (recent.isForgotten(commandId)) throw new Error(missingKey);
    }
    return { positions: [...positions], upTo: tail.head };
  }
}

async function readFirstEvents(
  journal: Journal,
  positions: Positions,
  found: Map<string, RecordedCommand>,
): Promise<void> {
  const events = await journal.readAt(positions.map(([, position]) => position));
  const recorded = new Map(events.map(decode).map((one) => [one.position, one]));
  for (const [commandId, position] of positions) {
    const first = recorded.get(position);
    if (first?.metadata.commandId !== commandId) {
      throw new Error(`position ${String(position)} does not hold the command its key leads to`);
    }
    found.set(commandId, { position, requestHash: first.metadata.requestHash, event: first.event });
  }
}

/** Reads what others wrote since; the book is left as it is. */
async function readTail(
  journal: Journal,
  { after, end, wanted }: { readonly after: number; readonly end: number; readonly wanted: ReadonlySet<string> },
  found: Map<string, RecordedCommand>,
): Promise<void> {
  for (let position = after; position < end;) {
    const events = await journal.read({ from: position + 1, limit: Math.min(readLimit, end - position) });
    if (events.length === 0) throw new Error(`the journal ends at ${String(position)}, before its head ${String(end)}`);
    position += events.length;
    for (const { position: at, metadata, event } of events.map(decode)) {
      const { commandId, requestHash } = metadata;
      if (wanted.has(commandId) && !found.has(commandId)) {
        found.set(commandId, { position: at, requestHash, event });
      }
    }
  }
}
