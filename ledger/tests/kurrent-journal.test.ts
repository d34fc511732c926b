/** The journal in EventStoreDB or KurrentDB keeps the port's promises, on the server that TEST_EVENT_LOG_URL names. */
import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import type { Journal } from '../src/journal/journal.ts';
import { kurrentJournal } from '../src/journal/kurrent-journal.ts';
import { journalSuite } from './journal.suite.ts';

const url = process.env['TEST_EVENT_LOG_URL'] ?? '';

describe.skipIf(url === '')('on the server of TEST_EVENT_LOG_URL', () => {
  journalSuite('EventStoreDB or KurrentDB', () => {
    const ledgers = new Map<Journal, string>();
    const open = (ledger: string): Journal => {
      const journal = kurrentJournal({ url, ledger });
      ledgers.set(journal, ledger);
      return journal;
    };
    return Promise.resolve({
      empty: () => Promise.resolve(open(randomUUID())),
      another: (journal) => open(ledgers.get(journal) ?? ''),
      async close() {
        for (const journal of ledgers.keys()) await journal.close();
      },
    });
  });
});
