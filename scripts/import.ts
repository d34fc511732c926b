/** `npm run import`: imports a bank from three CSV files into the database of DATABASE_URL, or the bank's own. */
import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';
import type { BankFiles } from './import/check-files.ts';
import { importBank } from './import/import-bank.ts';
import { openBooks } from './open-books.ts';
import { reportText } from './import/report-text.ts';
import { progressDisplay } from './show-progress.ts';

const usage =
  'Usage: npm run import -- --clients clients.csv --accounts comptes.csv --operations operations.csv (all three are needed).';

function readArguments(): BankFiles {
  try {
    const file = { type: 'string' } as const;
    const { values } = parseArgs({ options: { clients: file, accounts: file, operations: file } });
    const { clients, accounts, operations } = values;
    if (clients !== undefined && accounts !== undefined && operations !== undefined) {
      return { clients, accounts, operations };
    }
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  throw new Failure(usage);
}

async function main(): Promise<void> {
  const files = readArguments();
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  try {
    const opened = await openBooks({ ...config, databaseUrl: url, secrets: await loadSecrets(config.stateDir) });
    const progress = progressDisplay(process.stdout);
    try {
      const report = await importBank(files, opened.books, progress.show);
      await opened.shown();
      progress.end();
      console.log(reportText(report));
    } finally {
      progress.end();
      await opened.close();
    }
  } finally {
    await release();
  }
}

main().catch((error: unknown) => {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
});
