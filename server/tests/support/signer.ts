/** A signer on a test's bank, without witnesses unless the test has some. */
import { join } from 'node:path';
import pg from 'pg';
import { pino } from 'pino';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import { signingKey, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { signerConnection } from '../../../operations/src/signer/connection.ts';
import type { SignerOptions } from '../../../operations/src/signer/signer.ts';
import { runSigner } from '../../../operations/src/signer/signer.ts';
import { vi } from 'vitest';
import type { Bank } from './bank.ts';

export const bankKey = signingKey('bank.example/log', 0x01, Buffer.alloc(32, 7));
export const bankPolicy = `log ${vkeyOf(bankKey)}\nquorum none\n`;

export type TestSigner = {
  /** Until everything written so far is signed. */
  readonly signedAll: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

export function startSigner(bank: Bank, options: Partial<SignerOptions> = {}): TestSigner {
  const readers = new pg.Pool({ ...signerConnection(bank.logIns.signer), max: 4 });
  readers.on('error', () => undefined);
  const journal = openJournal(bank.eventLog, readers);
  const end = new AbortController();
  const ended = runSigner({
    journal,
    connection: () => new pg.Client(signerConnection(bank.logIns.signer)),
    ...{ key: bankKey, signedFile: join(bank.stateDir, 'log-last-signed'), log: pino({ enabled: false }) },
    cosign: (_client, note) => Promise.resolve({ note, isEnough: false }),
    ...options,
    signal: end.signal,
  });
  return {
    async signedAll() {
      const head = await journal.head();
      const isSigned = async (): Promise<void> => {
        const size = (await readPublishedLog(bank.database))?.size ?? 0;
        if (size < head) throw new Error(`${String(size)} of ${String(head)} events are signed`);
      };
      await vi.waitFor(isSigned, { timeout: 30_000, interval: 100 });
      return head;
    },
    async stop() {
      end.abort();
      await ended;
      await journal.close();
      await readers.end();
    },
  };
}
