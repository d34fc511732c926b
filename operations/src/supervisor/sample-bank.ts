/** The bank of `data/`, imported into a database and a journal that are new, so that there is somebody to be at the very first start. */
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { bindJournal } from '../../../ledger/src/journal/journal-identity.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import { assertReachable } from '../../../ledger/src/journal/reach-journal.ts';
import { progress } from '../../../projections/src/queries/progress.ts';
import { serverConnection } from '../../../server/src/connections.ts';
import type { BankFiles } from '../../../importer/src/bank-files.ts';
import type { Problem } from '../../../importer/src/problems.ts';
import { commandIdOf } from '../../../importer/src/submissions.ts';
import { importBank } from '../../../importer/src/import-bank.ts';
import type { BankConfig } from '../open-bank-with-projector.ts';
import { openBankWithProjector } from '../open-bank-with-projector.ts';
import type { Shape } from '../../../importer/src/row-shapes.ts';
import { accounts, customers } from '../../../importer/src/row-shapes.ts';
import { typedRows } from '../../../importer/src/typed-rows.ts';

export type SampleAccount = { readonly account: string; readonly pin: string };

const inData = (name: string): string => fileURLToPath(new URL(`../../../data/${name}`, import.meta.url));

const files: BankFiles = {
  clients: inData('clients.csv'),
  accounts: inData('comptes.csv'),
  operations: inData('operations.csv'),
};

/** More events than the sample bank has. */
const readLimit = 1_000;

/**
 * Gives the sample's first account when this bank began with the sample, now or at an earlier start. `isOwnDatabase`: it
 * is the bank's own PostgreSQL; into any other nothing is imported. Throws a `Failure` when the journal is not the
 * database's.
 */
export async function importSampleBank(
  config: BankConfig,
  { isOwnDatabase }: { readonly isOwnDatabase: boolean },
): Promise<SampleAccount | undefined> {
  const pool = new pg.Pool({ ...serverConnection(config.logIns.server, 'command'), max: 1 });
  const journal = openJournal(config.eventLog, pool);
  try {
    await assertReachable(journal, 'EVENT_LOG_URL');
    await bindJournal({ pool, journal, eventLog: config.eventLog, projected: (await progress(pool)).position });
    const events = await journal.read({ from: 1, limit: readLimit });
    if (isOwnDatabase && (await mayImport(pool, events))) {
      await writeSample(config, pool);
      return await firstRow(files.accounts, accounts);
    }
    const [first] = events;
    const isSample =
      first !== undefined &&
      decode(first).metadata.commandId === commandIdOf.customer(await firstRow(files.clients, customers));
    return isSample ? await firstRow(files.accounts, accounts) : undefined;
  } finally {
    await journal.close();
    await pool.end();
  }
}

/** Where nothing is yet; and where an import of the sample that was cut short is all there is. */
async function mayImport(pool: pg.Pool, events: Awaited<ReturnType<Journal['read']>>): Promise<boolean> {
  const { rows } = await pool.query<{ sample: string | null; used: boolean }>(
    `select sample, first_event is not null or exists (select from vault.customer_keys) or exists (select from access.pins)
       or exists (select from access.staff) as used from journal.identity`,
  );
  const [found] = rows;
  if (found === undefined) return false;
  if (found.sample === null) return !found.used && events.length === 0;
  const isOfImport = events.every((event) => decode(event).metadata.commandId.startsWith('import:'));
  return found.sample === 'under way' && events.length < readLimit && isOfImport;
}

async function writeSample(config: BankConfig, pool: pg.Pool): Promise<void> {
  console.log('Importing the sample bank …');
  await pool.query(`update journal.identity set sample = 'under way'`);
  const opened = await openBankWithProjector(config);
  try {
    await importBank(files, opened.bank, () => undefined);
    await opened.shown();
  } finally {
    await opened.close();
  }
  await pool.query(`update journal.identity set sample = 'imported'`);
}

async function firstRow<T extends object>(path: string, shape: Shape<T>): Promise<T> {
  const onProblem = ({ reason }: Problem): never => {
    throw new Error(`${path}: ${reason}`);
  };
  for await (const [row] of typedRows(path, shape, { onProblem })) if (row !== undefined) return row;
  throw new Error('the sample bank has an empty file');
}
