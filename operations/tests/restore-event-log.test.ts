/** A bank whose journal is in an event log is restored: the database alone, and both from backups that were taken one after the other. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../server/src/config.ts';
import { readConfig } from '../../server/src/config.ts';
import { openBank } from '../../server/src/open-bank.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import type { FakeEventLog } from '../../tests/support/fake-event-log.ts';
import { fakeEventLog } from '../../tests/support/fake-event-log.ts';
import { restoreBackup } from '../src/backup/restore-backup.ts';
import { takeBackup } from '../src/backup/take-backup.ts';
import type { VerifiedBank } from '../src/backup/verify-restored.ts';
import { ensureCertificates } from '../src/certificates/ensure.ts';
import { openDatabase } from '../src/database.ts';
import { ensureLogIns } from '../src/log-in-roles.ts';
import type { BankConfig, BankWithProjector } from '../src/open-bank-with-projector.ts';
import { openBankWithProjector } from '../src/open-bank-with-projector.ts';
import { importSampleBank } from '../src/supervisor/sample-bank.ts';

const passphrase = 'correct horse battery';
let folder: string;
let log: FakeEventLog;
let backup: string;
/** The journal's head when the event log was backed up, when the database was, and at the end. */
const heads = { eventLog: 0, database: 0, end: 0 };

const configOf = (bank: string): Config =>
  readConfig({
    ...{ STATE_DIR: join(folder, bank, 'var'), CERTS_DIR: join(folder, bank, 'certs') },
    ...{ EVENT_LOG_URL: log.url, LEDGER: 'restored' },
  });

async function withDatabase<T>(config: Config, work: (config: Config & BankConfig) => Promise<T>): Promise<T> {
  const { url, release } = await openDatabase(config);
  try {
    const logIns = await ensureLogIns(url, config);
    return await work({ ...config, logIns, secrets: await loadSecrets(config.stateDir, logIns.server) });
  } finally {
    await release();
  }
}

async function deposit({ bank }: BankWithProjector): Promise<number> {
  const outcome = await bank.bookkeeper.submit({
    command: { type: 'Deposit', account: '100001', terminal: 'desk', amount: 1n, currency: 'EUR' },
    ...{ commandId: `account:100001:${randomUUID()}`, requestHash: 'hash', actor: 'session:test' },
    ...{ terminal: 'desk', correlationId: randomUUID() },
  });
  if (!outcome.accepted) throw new Error(outcome.rejection.code);
  return outcome.position;
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'grand-livre-restore-'));
  chmodSync(folder, 0o755);
  log = await fakeEventLog();
  const config = configOf('bank');
  await ensureCertificates(config.certsDir, Date.now());
  await withDatabase(config, async (bankConfig) => {
    await importSampleBank(bankConfig, { isOwnDatabase: true });
    const opened = await openBankWithProjector(bankConfig);
    heads.eventLog = await deposit(opened);
    for (let n = 0; n < 5; n++) heads.database = await deposit(opened);
    await opened.shown();
    ({ folder: backup } = await takeBackup({
      config,
      to: join(folder, 'backups'),
      passphrase,
      onBytes: () => undefined,
    }));
    for (let n = 0; n < 5; n++) heads.end = await deposit(opened);
    await opened.shown();
    await opened.close();
  });
}, 240_000);
afterAll(() => {
  log.close();
  rmSync(folder, { recursive: true, force: true });
});

const restore = (bank: string): Promise<VerifiedBank | undefined> =>
  restoreBackup({
    ...{ config: configOf(bank), from: backup, walArchive: undefined, until: undefined },
    passphrase: () => Promise.resolve(passphrase),
    onStep: () => undefined,
  });

test('the database alone is lost: it is brought to the head of the event log', { timeout: 240_000 }, async () => {
  expect(await restore('database-lost')).toMatchObject({ position: heads.end, lost: 0 });
});

test('an event log set back under a database is refused, and named', { timeout: 120_000 }, async () => {
  log.setBack(heads.eventLog);
  await withDatabase(configOf('bank'), async (config) => {
    const opening = openBank({
      ...{ ...config, databaseUrl: config.logIns.server, application: 'command' },
      ...{ onLostConnection: () => undefined, onTrouble: () => undefined },
    });
    await expect(opening).rejects.toThrow(
      new RegExp(`is at ${String(heads.end)}, beyond the journal's end at ${String(heads.eventLog)}.*discard-beyond`),
    );
  });
});

test(
  'both restored, the event log’s backup being the older: what it lacks is counted, and all fits',
  { timeout: 240_000 },
  async () => {
    log.setBack(heads.eventLog);
    const lost = heads.database - heads.eventLog;
    expect(await restore('both-restored')).toMatchObject({ position: heads.eventLog, lost });
    await withDatabase(configOf('both-restored'), async (config) => {
      const opened = await openBankWithProjector(config);
      expect(await deposit(opened)).toBe(heads.eventLog + 1);
      await opened.close();
    });
  },
);
