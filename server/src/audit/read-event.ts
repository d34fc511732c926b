/** Decodes a stored event, or says where and why it cannot be read: one of the two outcomes of looking at history. */
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { UnreadableEvent, unreadableReasons } from '../../../ledger/src/domain/unreadable-event.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';

/** With a sentence's end: `position 7 holds bytes that are no JSON`. */
export type Unreadable = { readonly position: number; readonly reason: string };

export function readEvent(stored: JournalEvent): Recorded | Unreadable {
  try {
    return decode(stored);
  } catch (error) {
    if (!(error instanceof UnreadableEvent)) throw error;
    return { position: stored.position, reason: unreadableReasons[error.reason] };
  }
}

export const isUnreadable = (read: Recorded | Unreadable): read is Unreadable => 'reason' in read;
