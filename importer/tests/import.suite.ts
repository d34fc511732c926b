/** What the tests of the import share: a fresh bank with a folder of its own, and files written for one test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import type { Secrets } from '../../server/src/secrets.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { BankFiles, FileFormat } from '../src/bank-files.ts';
import type { ImportReport } from '../src/import-bank.ts';
import { importBank } from '../src/import-bank.ts';
import type { BankWithProjector } from '../../operations/src/open-bank-with-projector.ts';
import { openBankWithProjector } from '../../operations/src/open-bank-with-projector.ts';
import { plentyOfCash } from '../../ledger/tests/support/plenty-of-cash.ts';

export type ImportBench = {
  readonly url: string;
  readonly eventLog: EventLog;
  readonly dir: string;
  readonly owner: pg.Pool;
  readonly secrets: Secrets;
  /** Runs an import to its end; `during` may look at the bank before it is closed. */
  run(files: BankFiles, during?: (opened: BankWithProjector) => Promise<void>): Promise<ImportReport>;
  /** All of the journal, wherever it is stored. */
  history(): Promise<readonly Recorded[]>;
  eventCount(): Promise<number>;
  end(): Promise<void>;
};

export async function importBench(): Promise<ImportBench> {
  const database: TestDatabase = await createDatabase();
  const eventLog = testEventLog();
  const dir = mkdtempSync(join(tmpdir(), 'grand-livre-import-'));
  const owner = new pg.Pool({ connectionString: database.url, max: 2 });
  const journal = openJournal(eventLog, owner);
  const secrets = await loadSecrets(dir, database.url);
  return {
    url: database.url,
    eventLog,
    dir,
    owner,
    secrets,
    async run(files, during) {
      const opened = await openBankWithProjector({
        ...{ logIns: database.logIns, eventLog, secrets, stateDir: dir, timeZone: 'Europe/Paris' },
        cashLimits: plentyOfCash,
      });
      try {
        const report = await importBank(files, opened.bank, () => undefined);
        await opened.shown();
        await during?.(opened);
        return report;
      } finally {
        await opened.close();
      }
    },
    async history() {
      return (await journal.read({ from: 1, limit: 100_000 })).map(decode);
    },
    async eventCount() {
      return journal.head();
    },
    async end() {
      await journal.close();
      await owner.end();
      await database.drop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The bank moves after its import: 5.00 more on account 1. */
export async function depositFive({ bank }: BankWithProjector): Promise<void> {
  await bank.bookkeeper.submit({
    command: { type: 'Deposit', account: '1', amount: 500n, currency: 'EUR', terminal: 't1' },
    commandId: 'account:1:k',
    requestHash: 'h',
    actor: 'session:1',
    terminal: 't1',
    correlationId: 'c',
  });
}

export function bankIn(folder: string): BankFiles {
  const at = (name: string): string => join(folder, name);
  return { clients: at('clients.csv'), accounts: at('comptes.csv'), operations: at('operations.csv') };
}

export const sampleBank = bankIn(fileURLToPath(new URL('../../data', import.meta.url)));

export type Texts = {
  clients: string | Buffer;
  accounts: string | Buffer;
  operations: string | Buffer;
  format?: FileFormat;
};

/** A bank that is right: one test changes one thing in it. */
export const smallBank = (): Texts & { clients: string; accounts: string; operations: string } => ({
  clients:
    '"NumeroClient";"Prenom";"Nom";"Adresse";"CodePostal";"Ville";"TelephoneFixe";"TelephonePortable"\n' +
    '1;"Zoé";"Vasseur";"3 rue Haute";"35000";"Rennes";"";""\n',
  accounts:
    '"NumeroCompte";"NumeroClient";"TypeCompte";"PIN";"Solde"\n' +
    '1;"1";"Compte courant";"4821";"100.50"\n2;"1";"Livret d\'épargne";"7306";"0.00"\n',
  operations:
    '"NumeroOperation";"DateOperation";"NumeroCompte";"LibelleOperation";"Montant"\n' +
    '1;"2024-01-05";"1";"Virement";"150.5"\n2;"2024-01-06";"1";"Facture carte";"-20"\n3;"2024-01-07";"2";"Virement";"12.34"\n',
});

export function writeBank(folder: string, texts: Texts): BankFiles {
  const files = bankIn(folder);
  writeFileSync(files.clients, texts.clients);
  writeFileSync(files.accounts, texts.accounts);
  writeFileSync(files.operations, texts.operations);
  return texts.format === undefined ? files : { ...files, format: texts.format };
}
