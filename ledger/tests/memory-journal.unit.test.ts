/** The journal in memory behaves as the port says. */
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { journalSuite } from './journal.suite.ts';

journalSuite('memory', () =>
  Promise.resolve({
    empty: () => Promise.resolve(memoryJournal()),
    another: (journal) => journal,
    close: () => Promise.resolve(),
  }),
);
