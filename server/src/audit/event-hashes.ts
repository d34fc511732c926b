/** What a verification computes of each event's exact bytes: its leaf of the log's tree, and whether the bank wrote it. */
import type { KeyObject } from 'node:crypto';
import { checkMac } from '../../../ledger/src/journal/event-mac.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { entryOf } from '../../../ledger/src/transparency/entry.ts';
import { hashBytes, leafHash } from '../../../ledger/src/transparency/tree.ts';

export type EventHashes = {
  /** One leaf after the other, in the order of the events. */
  readonly leaves: Uint8Array<ArrayBuffer>;
  /** Of those the bank did not write, why not. */
  readonly notOurs: readonly { readonly position: number; readonly reason: string }[];
};

/** Takes the journal's events in their order, some at a time. */
export type HashEvents = (events: readonly JournalEvent[]) => Promise<EventHashes>;

/**
 * From the first event with a code on, every one needs one that the bank's key makes; those before are of a version that
 * wrote none.
 */
export function eventHashing(macKey: KeyObject): HashEvents {
  let hasCodes = false;

  function whyNotOurs(event: JournalEvent): string | undefined {
    const found = checkMac(macKey, event);
    if (found === 'right') hasCodes = true;
    if (found === 'wrong') return 'was altered, or written by somebody else than the bank';
    return found === 'absent' && hasCodes ? 'was written by somebody else than the bank' : undefined;
  }

  return (events) => {
    const leaves = new Uint8Array(events.length * hashBytes);
    const notOurs: { position: number; reason: string }[] = [];
    for (const [index, event] of events.entries()) {
      leaves.set(leafHash(entryOf(event)), index * hashBytes);
      const reason = whyNotOurs(event);
      if (reason !== undefined) notOurs.push({ position: event.position, reason });
    }
    return Promise.resolve({ leaves, notOurs });
  };
}
