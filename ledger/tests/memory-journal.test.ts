/** The journal in memory keeps the port's promises. */
import { memoryJournal } from '../src/journal/memory-journal.ts';
import { journalSuite } from './journal.suite.ts';

journalSuite('memory', () =>
  Promise.resolve({
    empty: () => Promise.resolve(memoryJournal()),
    another: (journal) => journal,
    close: () => Promise.resolve(),
  }),
);
