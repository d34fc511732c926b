/** `npm run import`: imports a bank from three CSV files into the database of DATABASE_URL, or the bank's own. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { endWith, Failure } from './failure.ts';
import type { BankFiles } from './import/check-files.ts';
import { importBank } from './import/import-bank.ts';
import { openImport } from './import/open-import.ts';
import { reportText } from './import/report-text.ts';
import { progressDisplay } from './import/show-progress.ts';
import { migrate } from './migrate.ts';
import { startPostgres } from './postgres/embedded.ts';
import { ensureWritable } from './start/checks.ts';

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

type Database = { readonly url: string; readonly release: () => Promise<void> };

/** The bank's own PostgreSQL is left running when it ran before: then somebody else uses it. */
async function database(databaseUrl: string | undefined, stateDir: string): Promise<Database> {
  if (databaseUrl !== undefined) return { url: databaseUrl, release: () => Promise.resolve() };
  const lockFile = join(stateDir, 'postgres', 'postmaster.pid');
  const before = existsSync(lockFile) ? Number(readFileSync(lockFile, 'utf8').split('\n')[0]) : undefined;
  const postgres = await startPostgres({ stateDir });
  return { url: postgres.url, release: () => (postgres.pid === before ? Promise.resolve() : postgres.stop()) };
}

async function main(): Promise<void> {
  const files = readArguments();
  const { databaseUrl, stateDir } = readConfig(process.env);
  ensureWritable(stateDir);
  const secrets = await loadSecrets(stateDir);
  const { url, release } = await database(databaseUrl, stateDir);
  try {
    await migrate(url);
    const opened = await openImport({ databaseUrl: url, secrets, stateDir });
    const progress = progressDisplay(process.stdout);
    try {
      const report = await importBank(files, opened.deps, progress.show);
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
