/** A whole backup of a bank that runs or not: the database, and apart from it the secrets, checked by a manifest. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import { bankVersion } from '../../../ledger/src/version.ts';
import type { Config } from '../../../server/src/config.ts';
import { openDatabase } from '../database.ts';
import { verifyBase } from './base-archive.ts';
import { baseFiles, takeBaseBackup } from './base-backup.ts';
import type { Manifest } from './manifest.ts';
import { digestOf, manifestFile, secretsFile } from './manifest.ts';
import type { SecretFile, SecretFolders } from './sealed-secrets.ts';
import { readSecretFiles, sealSecrets } from './sealed-secrets.ts';

export type TakeOptions = {
  readonly config: Config;
  /** The backup becomes a folder of its own in there. */
  readonly to: string;
  readonly passphrase: string;
  readonly onBytes: (bytes: number) => void;
};

export type TakenBackup = { readonly folder: string; readonly manifest: Manifest };

export const secretFoldersOf = ({ stateDir, certsDir, caDir }: Config): SecretFolders => ({
  secrets: join(stateDir, 'secrets'),
  certs: certsDir,
  ca: caDir,
});

/** Throws a `Failure`; a backup that was cut short leaves nothing that could be taken for one. */
export async function takeBackup({ config, to, ...how }: TakeOptions): Promise<TakenBackup> {
  const startedAt = new Date().toISOString();
  const making = makeFolder(to);
  const { url, release } = await openDatabase(config);
  try {
    const written = await write(making, { config, databaseUrl: url, startedAt, ...how });
    const folder = join(to, startedAt.replaceAll(':', '-').replace(/\.\d+Z$/, 'Z'));
    renameSync(making, folder);
    return { folder, manifest: written };
  } catch (error) {
    rmSync(making, { recursive: true, force: true });
    throw error instanceof Failure ? error : new Failure(sentence(error));
  } finally {
    await release();
  }
}

function makeFolder(to: string): string {
  try {
    mkdirSync(to, { recursive: true, mode: 0o700 });
    return mkdtempSync(join(to, 'backup.making-'));
  } catch {
    throw new Failure(`The folder ${to} cannot be written: make it so, or give another one with --to.`);
  }
}

function sentence(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  return isCode(error, '42501') || isCode(error, '28000')
    ? `The role of DATABASE_URL may not take base backups (${reason}): give it REPLICATION, and a line "replication" in pg_hba.conf.`
    : `The backup could not be taken: ${reason}.`;
}

type WriteOptions = Omit<TakeOptions, 'to'> & { readonly databaseUrl: string; readonly startedAt: string };

async function write(making: string, { config, databaseUrl, startedAt, passphrase, onBytes }: WriteOptions) {
  const folders = secretFoldersOf(config);
  // A rotation of the master key makes a file before the database names it, and deletes one after: both are there.
  const before = readSecretFiles(folders);
  const about = await describe(databaseUrl);
  const base = await takeBaseBackup({ databaseUrl, folder: making, onBytes });
  const after = await describe(databaseUrl);
  await verifyBase(making);
  const secrets = union(before, readSecretFiles(folders));
  const ofBase = [await digestOf(making, baseFiles.data), await digestOf(making, baseFiles.manifest)];
  const digests = Object.fromEntries(ofBase.map(({ name, sha256 }) => [name, sha256]));
  writeSynced(join(making, secretsFile), await sealSecrets({ files: [...secrets], digests }, passphrase));
  const manifest: Manifest = {
    format: 1,
    version: bankVersion(),
    startedAt,
    endedAt: new Date().toISOString(),
    postgres: { ...about.postgres, server: config.databaseUrl === undefined ? 'own' : 'given', ...base },
    journal: { store: about.store, positionBefore: about.position, positionAfter: after.position },
    files: [...ofBase, await digestOf(making, secretsFile)],
  };
  writeSynced(join(making, manifestFile), `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

function union(before: readonly SecretFile[], after: readonly SecretFile[]): readonly SecretFile[] {
  const keyOf = ({ folder, name }: SecretFile): string => `${folder}/${name}`;
  return [...new Map([...before, ...after].map((file) => [keyOf(file), file])).values()];
}

const writeSynced = (path: string, text: string): void => {
  writeFileSync(path, text, { flag: 'wx', mode: 0o600, flush: true });
};

async function describe(databaseUrl: string) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ version: string; system: string; log: boolean; position: string }>(
      `select current_setting('server_version_num') as version, system_identifier::text as system,
         exists (select from journal.identity where store = 'event log') as log,
         case when exists (select from journal.identity where store = 'event log')
           then (select position from read.checkpoint)
           else (select coalesce(max(position), 0) from journal.events) end as position
       from pg_control_system()`,
    );
    const [found] = rows;
    if (found === undefined) throw new Error('the database does not describe itself');
    return {
      postgres: { majorVersion: Math.floor(Number(found.version) / 10_000), systemIdentifier: found.system },
      store: found.log ? ('event log' as const) : ('postgresql' as const),
      position: Number(found.position),
    };
  } finally {
    await client.end();
  }
}
