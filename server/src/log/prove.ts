/** A proof of one event for one account: its entry's place in the published tree, with that account's part opened and no other. */
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { entryOf, openingsOf, openingText } from '../../../ledger/src/transparency/entry.ts';
import { parseVkey } from '../../../ledger/src/transparency/note.ts';
import { proofFile } from '../../../ledger/src/transparency/proof-file.ts';
import type { PackedProof } from '../../../ledger/src/transparency/receipt-code.ts';
import { hashesOfRanges, tilesOfRanges } from '../../../ledger/src/transparency/tiles.ts';
import { inclusionRanges, isIncluded, leafHash } from '../../../ledger/src/transparency/tree.ts';
import type { Published, PublishedLog } from './published-log.ts';

export type Proof = PackedProof & {
  /** The `.tlog-proof` file. */
  readonly file: string;
};

/** The account's parts of an event: of a transfer, its own posting. */
export const ownOpenings = (event: JournalEvent, account: string) =>
  openingsOf(event, (part) => part['account'] === account);

/** Undefined where the event, the tiles and the checkpoint do not fit: one of them is not what was signed. */
export async function prove(
  log: Pick<PublishedLog, 'tiles'>,
  event: JournalEvent,
  account: string,
  { note: noteText, vkey }: Published,
): Promise<Proof | undefined> {
  const [entry, index] = [entryOf(event), event.position - 1];
  const key = parseVkey(vkey);
  const checkpoint = key && openCheckpoint(noteText, key);
  if (checkpoint === undefined || index >= checkpoint.size) return undefined;
  const ranges = inclusionRanges(index, checkpoint.size);
  const hashes = hashesOfRanges(ranges, await log.tiles(tilesOfRanges(ranges)));
  if (hashes === undefined || !isIncluded({ index, hash: leafHash(entry) }, checkpoint, hashes)) return undefined;
  const openings = ownOpenings(event, account);
  const extra = openingText(entry, openings);
  return {
    ...{ index, hashes, entry, openings, note: checkpoint.note },
    file: proofFile({ extra, index, hashes, checkpoint: noteText }),
  };
}
