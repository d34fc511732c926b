/** A bank in a database of somebody else's: backed up by its command, restored by PostgreSQL's own means as the page on backups says. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../server/src/config.ts';
import { readConfig } from '../../server/src/config.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import { restoreBackup } from '../src/backup/restore-backup.ts';
import type { TakenBackup } from '../src/backup/take-backup.ts';
import { takeBackup } from '../src/backup/take-backup.ts';
import { verifyRestored } from '../src/backup/verify-restored.ts';
import { ensureCertificates } from '../src/certificates/ensure.ts';
import type { EmbeddedPostgres } from '../src/embedded-postgres/start-postgres.ts';
import { startPostgres } from '../src/embedded-postgres/start-postgres.ts';
import { ensureLogIns } from '../src/log-in-roles.ts';
import { migrate } from '../src/migrate.ts';
import { openBankWithProjector } from '../src/open-bank-with-projector.ts';
import { importSampleBank } from '../src/supervisor/sample-bank.ts';

const passphrase = 'correct horse battery';
const role = { name: 'bank', password: 'not the superuser' };
let folder: string;
let theirs: EmbeddedPostgres;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-given-'));
  chmodSync(folder, 0o755);
  mkdirSync(join(folder, 'theirs'));
  theirs = await startTheirs();
  const administrator = new pg.Client({ connectionString: theirs.url });
  await administrator.connect();
  await administrator.query(`create role ${role.name} login createrole password '${role.password}'`);
  await administrator.query(`create database bank owner ${role.name}`);
  await administrator.end();
}, 120_000);
afterAll(async () => {
  await theirs.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** A server that is not the bank's; its administrator archives its log. */
const startTheirs = (): Promise<EmbeddedPostgres> =>
  startPostgres({ stateDir: join(folder, 'theirs'), walArchive: join(folder, 'wal') });

function configOf(bank: string): Config {
  const url = new URL(theirs.url);
  Object.assign(url, { username: role.name, password: role.password, pathname: '/bank' });
  return readConfig({
    ...{ STATE_DIR: join(folder, bank, 'var'), CERTS_DIR: join(folder, bank, 'certs'), DATABASE_URL: url.href },
  });
}

const backUp = (config: Config): Promise<TakenBackup> =>
  takeBackup({ ...{ config, to: join(folder, 'backups'), passphrase }, onBytes: () => undefined });

/** Opens the bank, deposits so often, and does this after; gives the journal's head. */
async function deposits(config: Config, count: number): Promise<number> {
  const databaseUrl = config.databaseUrl ?? '';
  await migrate(databaseUrl);
  const logIns = await ensureLogIns(databaseUrl, config);
  const bankConfig = { ...config, logIns, secrets: await loadSecrets(config.stateDir, logIns.server) };
  await importSampleBank(bankConfig, { isOwnDatabase: true });
  const opened = await openBankWithProjector(bankConfig);
  for (let n = 0; n < count; n++) {
    const outcome = await opened.bank.bookkeeper.submit({
      command: { type: 'Deposit', account: '100001', terminal: 'desk', amount: 1n, currency: 'EUR' },
      ...{ commandId: `account:100001:${randomUUID()}`, requestHash: 'hash', actor: 'session:test' },
      ...{ terminal: 'desk', correlationId: randomUUID() },
    });
    expect(outcome.accepted).toBe(true);
  }
  await opened.shown();
  const { head } = opened.bank.bookkeeper;
  await opened.close();
  return head;
}

test('backed up and restored, with all that its archive has', { timeout: 240_000 }, async () => {
  const config = configOf('bank');
  await ensureCertificates(config.certsDir, Date.now());
  const before = await deposits(config, 5);
  // The command says which right is missing.
  await expect(backUp(config)).rejects.toThrow(/may not take base backups .*: give it REPLICATION/);
  const administrator = new pg.Client({ connectionString: theirs.url });
  await administrator.connect();
  await administrator.query(`alter role ${role.name} replication`);
  await administrator.end();
  const { folder: backup, manifest } = await backUp(config);
  expect(manifest.postgres.server).toBe('given');
  expect(manifest.journal.positionAfter).toBe(before);
  const after = await deposits(config, 5);

  // Server and bank are lost; the archive and the backup are not.
  await theirs.stop();
  const { uid, gid } = statSync(theirs.dataDir);
  rmSync(theirs.dataDir, { recursive: true });
  mkdirSync(theirs.dataDir, { mode: 0o700 });
  execFileSync('tar', ['-xzf', join(backup, 'base.tar.gz'), '-C', theirs.dataDir]);
  writeFileSync(join(theirs.dataDir, 'recovery.signal'), '');
  const restoreCommand = `restore_command = 'cp "${join(folder, 'wal')}/%f" "%p"'\n`;
  appendFileSync(join(theirs.dataDir, 'postgresql.auto.conf'), restoreCommand);
  execFileSync('chown', ['-R', `${String(uid)}:${String(gid)}`, theirs.dataDir]);
  theirs = await startTheirs();

  const restored = configOf('restored');
  const verified = await restoreBackup({
    ...{ config: restored, from: backup, walArchive: undefined, until: undefined },
    passphrase: () => Promise.resolve(passphrase),
    onStep: () => undefined,
  });
  expect(verified).toBeUndefined();
  expect(await verifyRestored(restored)).toMatchObject({ position: after });
});
