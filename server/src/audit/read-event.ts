/** Decodes a stored event, or says where and why it cannot be read: one of the two outcomes of looking at history. */
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';

export type Unreadable = { readonly position: number; readonly reason: string };

export function readEvent(stored: JournalEvent): Recorded | Unreadable {
  try {
    return decode(stored);
  } catch (error) {
    // Whatever the codec threw at these bytes is about these bytes.
    if (!(error instanceof Error)) throw error;
    const reason = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
    return { position: stored.position, reason };
  }
}

export const isUnreadable = (read: Recorded | Unreadable): read is Unreadable => 'reason' in read;
