/** `npm run import`: imports a bank from three CSV files into the database of DATABASE_URL, or the bank's own. */
import type { BankFiles, Separator } from '../importer/src/bank-files.ts';
import { separators } from '../importer/src/bank-files.ts';
import { importBank } from '../importer/src/import-bank.ts';
import { reportText } from '../importer/src/report-text.ts';
import { Failure } from '../ledger/src/failure.ts';
import { openDatabase } from '../operations/src/database.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { openBankWithProjector } from '../operations/src/open-bank-with-projector.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { command, readArguments } from './command.ts';

const usage =
  'Usage: npm run import -- --clients clients.csv --accounts comptes.csv --operations operations.csv (all three are needed)\n' +
  '       [--separator ";" | "," | tab] [--decimal-comma]';

function readFiles(): BankFiles {
  const file = { type: 'string' } as const;
  const { values } = readArguments(usage, {
    options: {
      clients: file,
      accounts: file,
      operations: file,
      separator: { type: 'string', default: ';' },
      'decimal-comma': { type: 'boolean', default: false },
    },
  });
  const { clients, accounts, operations, separator, 'decimal-comma': decimalComma } = values;
  if (clients === undefined || accounts === undefined || operations === undefined) throw new Failure(usage);
  if (!isSeparator(separator)) {
    throw new Failure(`--separator is "${separator}"; it must be ";", "," or tab.\n${usage}`);
  }
  return { clients, accounts, operations, format: { separator, decimalMark: decimalComma ? ',' : '.' } };
}

const isSeparator = (text: string): text is Separator => Object.hasOwn(separators, text);

command(async () => {
  const files = readFiles();
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  try {
    const logIns = await ensureLogIns(url, config);
    const secrets = await loadSecrets(config.stateDir, logIns.server);
    const opened = await openBankWithProjector({ ...config, logIns, secrets });
    const progress = progressDisplay(process.stdout);
    try {
      const report = await importBank(files, opened.bank, progress.show);
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
});
