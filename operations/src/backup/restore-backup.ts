/** A backup becomes a bank: everything is checked first, then the database recovered, the secrets put back, and the whole verified. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Config } from '../../../server/src/config.ts';
import { homeFor, unprivilegedAccount } from '../embedded-postgres/account.ts';
import { ensureWritable } from '../supervisor/checks.ts';
import { baseFiles } from './base-backup.ts';
import type { Manifest } from './manifest.ts';
import { checkBackup, secretsFile } from './manifest.ts';
import type { Target } from './recover.ts';
import { recover } from './recover.ts';
import type { SecretFolders, Sealed } from './sealed-secrets.ts';
import { openSecrets, writeSecretFiles } from './sealed-secrets.ts';
import { secretFoldersOf } from './take-backup.ts';
import type { VerifiedBank } from './verify-restored.ts';
import { verifyRestored } from './verify-restored.ts';

export type RestoreOptions = {
  readonly config: Config;
  /** The folder of one backup. */
  readonly from: string;
  readonly walArchive: string | undefined;
  readonly until: Target | undefined;
  readonly passphrase: () => Promise<string>;
  readonly onStep: (step: string) => void;
};

/** Gives what was verified; undefined where the database is the owner's to restore. Throws a `Failure`. */
export async function restoreBackup(options: RestoreOptions): Promise<VerifiedBank | undefined> {
  const { config, from, walArchive, until, onStep } = options;
  onStep('Checking the backup …');
  const manifest = await checkBackup(from);
  const isOwn = manifest.postgres.server === 'own';
  assertSuitable(manifest, options);
  const secrets = await openSecrets(readFileSync(join(from, secretsFile), 'utf8'), await options.passphrase());
  assertSameBase(manifest, secrets);
  const folders = secretFoldersOf(config);
  assertEmpty(config, folders, secrets);
  ensureWritable(config.stateDir);
  if (isOwn) {
    onStep('Recovering the database …');
    await recover({ stateDir: config.stateDir, from, walArchive, until });
  }
  writeSecretFiles(secrets.files, folders);
  if (!isOwn) return undefined;
  onStep('Verifying the whole bank …');
  return verifyRestored(config);
}

function assertSuitable({ postgres, journal }: Manifest, { config, until, walArchive }: RestoreOptions): void {
  const isInEventLog = journal.store === 'event log';
  if (isInEventLog !== (config.eventLog.eventLogUrl !== undefined)) {
    throw new Failure(
      isInEventLog
        ? 'The journal of this bank is in an event log: restore that first, and set EVENT_LOG_URL and LEDGER.'
        : 'The journal of this bank is in its database: restore without EVENT_LOG_URL.',
    );
  }
  if (postgres.server === 'own' && config.databaseUrl !== undefined) {
    throw new Failure('The backup is of the bank’s own PostgreSQL: restore without DATABASE_URL.');
  }
  if (until === undefined) return;
  if (postgres.server !== 'own') {
    throw new Failure(
      'The backup is of a database of yours: recover it to the point in time by PostgreSQL’s own means.',
    );
  }
  if (walArchive === undefined) {
    throw new Failure('--until needs --wal, the folder of WAL_ARCHIVE: without it there is only the backup’s own end.');
  }
  if ('position' in until && isInEventLog) {
    throw new Failure('The journal is in an event log, and its positions are not in this database: give a time.');
  }
  if ('position' in until && until.position < journal.positionAfter) {
    throw new Failure(
      `Position ${String(until.position)} was written before this backup ended (at ${String(journal.positionAfter)}): restore an older backup.`,
    );
  }
}

function assertSameBase({ files }: Manifest, { digests }: Sealed): void {
  const isSame = Object.values(baseFiles).every(
    (name) => files.find((file) => file.name === name)?.sha256 === digests[name],
  );
  if (!isSame) throw new Failure('The database in this backup is not the one that it was made with: take another one.');
}

function assertEmpty(config: Config, folders: SecretFolders, { files }: Sealed): void {
  const home = homeFor(config.stateDir, unprivilegedAccount());
  const isTaken = [join(home, 'postgres'), folders.secrets].find(isThere);
  if (isTaken !== undefined) {
    throw new Failure(
      `There is a bank in ${isTaken} already: set STATE_DIR to an empty folder, or move that one away.`,
    );
  }
  const inTheWay = files.map(({ folder, name }) => join(folders[folder], name)).find((path) => existsSync(path));
  if (inTheWay !== undefined) {
    throw new Failure(`${inTheWay} is there already: set CERTS_DIR (and CA_DIR) to empty folders, or move it away.`);
  }
}

const isThere = (path: string): boolean => existsSync(path) && readdirSync(path).length > 0;
