/** The drill's checker: a history and a journal in, differences out. It knows nothing of servers, faults or time passing. */
import { checkBooks } from './check-books.ts';
import { checkCommands } from './check-commands.ts';
import { checkReads } from './check-reads.ts';
import type { Difference, Evidence } from './history.ts';

/** Empty when nothing acknowledged is missing, nothing is doubled, and everything read follows from the journal. */
export const findDifferences = (evidence: Evidence): readonly Difference[] => [
  ...checkCommands(evidence),
  ...checkBooks(evidence),
  ...checkReads(evidence),
];
