/** The bank of `data/`, imported when the journal is empty, so that there is somebody to be at the very first start. */
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { decode } from '../../ledger/src/domain/codec.ts';
import { reach } from '../reach-journal.ts';
import type { BankFiles } from '../import/check-files.ts';
import { importBank } from '../import/import-bank.ts';
import type { BooksPlace } from '../open-books.ts';
import { openBooks } from '../open-books.ts';
import { accounts, customers } from '../import/row-shapes.ts';
import { rereadRows } from '../import/typed-rows.ts';

export type SampleAccount = { readonly account: string; readonly pin: string };

const inData = (name: string): string => fileURLToPath(new URL(`../../data/${name}`, import.meta.url));

const files: BankFiles = {
  clients: inData('clients.csv'),
  accounts: inData('comptes.csv'),
  operations: inData('operations.csv'),
};

/** Gives the sample's first account when this bank began with the sample, now or at an earlier start. */
export async function importSampleBank(place: BooksPlace): Promise<SampleAccount | undefined> {
  // An import that was cut short has left this file, and goes on.
  const underWay = join(place.stateDir, 'sample-bank.importing');
  const beginning = await firstCommand(place);
  if (beginning === undefined || existsSync(underWay)) {
    writeFileSync(underWay, '');
    console.log('Importing the sample bank …');
    const opened = await openBooks(place);
    try {
      await importBank(files, opened.books, () => undefined);
      await opened.shown();
    } finally {
      await opened.close();
    }
    rmSync(underWay);
  }
  const isSample = beginning === undefined || beginning === `import:client:${(await first(customerRows())).customer}`;
  return isSample ? first(accountRows()) : undefined;
}

/** Of the journal's first event; undefined when there is none. */
async function firstCommand({ databaseUrl, eventLog }: BooksPlace): Promise<string | undefined> {
  const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c role=grandlivre_server', max: 1 });
  const journal = openJournal(eventLog, pool);
  try {
    await reach(journal, 'EVENT_LOG_URL');
    const [event] = await journal.read({ from: 1, limit: 1 });
    return event && decode(event).metadata.commandId;
  } finally {
    await journal.close();
    await pool.end();
  }
}

const customerRows = (): ReturnType<typeof rereadRows<{ customer: string }>> => rereadRows(files.clients, customers);
const accountRows = (): ReturnType<typeof rereadRows<SampleAccount>> => rereadRows(files.accounts, accounts);

async function first<T>(rows: AsyncGenerator<readonly { readonly value: T }[]>): Promise<T> {
  for await (const [row] of rows) if (row !== undefined) return row.value;
  throw new Error('the sample bank has an empty file');
}
