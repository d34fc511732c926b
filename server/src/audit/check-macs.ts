/** Checks of each event that the bank wrote it: from the first one with a code on, every one has one that the bank's key makes. */
import type { KeyObject } from 'node:crypto';
import { checkMac } from '../../../ledger/src/journal/event-mac.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';

/** Gives why the next event of the journal is none of the bank's; undefined where it is one. */
export type MacCheck = (event: JournalEvent) => string | undefined;

/** Events before the first with a code are of a version that wrote none. */
export function macCheck(key: KeyObject): MacCheck {
  let isExpected = false;
  return (event) => {
    const found = checkMac(key, event);
    if (found === 'right') isExpected = true;
    if (found === 'wrong') return 'was altered, or written by somebody else than the bank';
    return found === 'absent' && isExpected ? 'was written by somebody else than the bank' : undefined;
  };
}
