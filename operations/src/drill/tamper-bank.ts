/** The bank of the tamper drill: its events, read model and signed log stand still, and one connection sees what was altered on it and takes it back. */
import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { postgresJournal } from '../../../ledger/src/journal/postgres-journal.ts';
import { openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { readPublishedLog } from '../../../ledger/src/transparency/log-tables.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { signingKey } from '../../../ledger/src/transparency/note.ts';
import type { Vault } from '../../../ledger/src/vault/vault.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { decryptNames } from '../../../projections/src/customer-names.ts';
import { project } from '../../../projections/src/project.ts';
import { toBatch } from '../../../projections/src/statements.ts';
import { carryOutVerification } from '../../../server/src/audit/carry-out-verification.ts';
import type { OutsideLog } from '../../../server/src/audit/outside-log.ts';
import { nothingKnownOutside } from '../../../server/src/audit/outside-log.ts';
import { recordVerification } from '../../../server/src/audit/record-verification.ts';
import type { Verified } from '../../../server/src/audit/verify.ts';
import type { HashEvents } from '../../../server/src/audit/event-hashes.ts';
import { eventHashing } from '../../../server/src/audit/event-hashes.ts';
import { verifyBank } from '../../../server/src/audit/verify.ts';
import { readConfig } from '../../../server/src/config.ts';
import { serverConnection } from '../../../server/src/connections.ts';
import type { Secrets } from '../../../server/src/secrets.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import { openDatabase } from '../database.ts';
import type { LogIns } from '../log-in-roles.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { openBankWithProjector } from '../open-bank-with-projector.ts';
import { signerConnection } from '../signer/connection.ts';
import { runSigner } from '../signer/signer.ts';
import { importSampleBank } from '../supervisor/sample-bank.ts';

export type TamperBank = {
  /** One connection, as superuser. */
  readonly alone: pg.Pool;
  readonly journal: Journal;
  readonly size: number;
  readonly key: SigningKey;
  /** Of the bank's servers, outside of the database: who has it can write events. */
  readonly macKey: KeyObject;
  /** What is known outside of the database before anything was altered. */
  readonly outside: OutsideLog;
  verify(outside: OutsideLog): Promise<Verified>;
  /** The read model as the journal on this connection makes it. */
  rebuild(): Promise<void>;
  close(): Promise<void>;
};

/** Two, so that their rows can be swapped. */
const verifications = 2;

/** More than a tile has, so that the tree has two levels; few enough that one verification takes a tenth of a second. */
const events = 320;

export async function openTamperBank(): Promise<TamperBank> {
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-tamper-'));
  chmodSync(folder, 0o755);
  await using opened = new AsyncDisposableStack();
  opened.defer(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const config = readConfig({ STATE_DIR: join(folder, 'var'), CERTS_DIR: join(folder, 'certs') });
  const { url, release } = await openDatabase(config);
  opened.defer(release);
  const logIns = await ensureLogIns(url, config);
  const bankConfig = { ...config, logIns, secrets: await loadSecrets(config.stateDir, logIns.server) };
  await importSampleBank(bankConfig, { isOwnDatabase: true });
  const opening = await openBankWithProjector(bankConfig);
  const { bank } = opening;
  try {
    for (let n = 0; n < verifications; n++) {
      await opening.shown();
      await verifyAndRecord(bank.bookkeeper, bankConfig);
    }
    while (bank.bookkeeper.head < events) {
      await bank.bookkeeper.submit({
        command: { type: 'Deposit', account: '100001', terminal: 'desk', amount: 100n, currency: 'EUR' },
        ...{ commandId: `account:100001:${randomUUID()}`, requestHash: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ' },
        ...{ actor: 'session:drill', terminal: 'desk', correlationId: randomUUID() },
      });
    }
    await opening.shown();
  } finally {
    await opening.close();
  }
  const alone = new pg.Pool({ connectionString: url, max: 1, idleTimeoutMillis: 0 });
  opened.defer(() => alone.end());
  const key = signingKey('drill.example/log', 0x01, Buffer.alloc(32, 7));
  const journal = postgresJournal({ pool: alone });
  const size = await journal.head();
  await signAll({ url: logIns.signer, key, size, alone, signedFile: join(folder, 'signer', 'log-last-signed') });
  const { masterKeys, macKey } = bankConfig.secrets;
  const vault = postgresVault({ pool: alone, masterKeys });
  const verify: TamperBank['verify'] = (outside) =>
    verifyOn({ alone, journal, vault, hashEvents: eventHashing(macKey), outside });
  const { seen } = await verify(nothingKnownOutside);
  const checkpoint = openCheckpoint((await readPublishedLog(alone))?.note ?? '', key);
  if (seen === undefined || checkpoint === undefined) throw new Error('the drill’s bank is not in order');
  const outside: OutsideLog = {
    ...{ key, remembered: seen, policy: undefined },
    answers: [{ witness: 'drill', is: 'cosigned', checkpoint }],
  };
  const all = opened.move();
  return {
    ...{ alone, journal, size, key, macKey, outside, verify },
    rebuild: () => rebuildOn(alone, journal, vault),
    close: () => all.disposeAsync(),
  };
}

/** As the server does it; what it would have the thread do is done here. */
async function verifyAndRecord(
  bookkeeper: Bookkeeper,
  { logIns, secrets, stateDir }: { logIns: LogIns; secrets: Secrets; stateDir: string },
): Promise<void> {
  const pool = new pg.Pool({ ...serverConnection(logIns.server, 'server'), max: 2 });
  const { signal } = new AbortController();
  try {
    await carryOutVerification({
      ...{ pool, journal: postgresJournal({ pool }), signal, startedBy: 'drill', onBegun: () => undefined },
      vault: postgresVault({ pool, masterKeys: secrets.masterKeys }),
      hashEvents: eventHashing(secrets.macKey),
      log: { stateDir, policyFile: undefined, vkey: undefined },
      recordEnd: (end) => recordVerification(bookkeeper, end, 'drill', signal),
    });
  } finally {
    await pool.end();
  }
}

async function signAll({
  url,
  key,
  size,
  alone,
  signedFile,
}: {
  readonly url: string;
  readonly key: SigningKey;
  readonly size: number;
  readonly alone: pg.Pool;
  readonly signedFile: string;
}): Promise<void> {
  const readers = new pg.Pool({ ...signerConnection(url), max: 3 });
  const end = new AbortController();
  const log = { info: () => undefined, warn: () => undefined };
  const ended = runSigner({
    journal: openJournal({ eventLogUrl: undefined, ledger: 'main' }, readers),
    connection: () => new pg.Client(signerConnection(url)),
    cosign: (_client, note) => Promise.resolve({ note, isEnough: false }),
    ...{ key, signedFile, log, signal: end.signal },
  });
  const isSigned = async (): Promise<boolean> => (await readPublishedLog(alone))?.size === size;
  while (!(await isSigned())) await Promise.race([sleep(100), ended]);
  end.abort();
  await ended;
  await readers.end();
}

async function verifyOn({
  alone,
  ...sources
}: {
  readonly alone: pg.Pool;
  readonly journal: Journal;
  readonly vault: Pick<Vault, 'openMany'>;
  readonly hashEvents: HashEvents;
  readonly outside: OutsideLog;
}): Promise<Verified> {
  const { rows } = await alone.query<{ position: string }>('select position from read.checkpoint');
  const onProgress = (): Promise<void> => Promise.resolve();
  const { signal } = new AbortController();
  return verifyBank({ ...sources, reader: alone }, Number(rows[0]?.position ?? 0), { onProgress, signal });
}

async function rebuildOn(alone: pg.Pool, journal: Journal, vault: Pick<Vault, 'openMany'>): Promise<void> {
  const { rows: tables } = await alone.query<{ name: string }>(
    `select format('read.%I', tablename) as name from pg_tables where schemaname = 'read' and tablename <> 'checkpoint'`,
  );
  await alone.query(`truncate ${tables.map(({ name }) => name).join(', ')}; set local search_path = read`);
  const recorded = (await journal.read({ from: 1, limit: 100_000 })).map(decode);
  const rows = project(recorded);
  const ready = { ...rows, customers: await decryptNames(rows.customers, (sealed) => vault.openMany(sealed)) };
  for (const { text, values } of toBatch(ready).statements) await alone.query(text, values);
  await alone.query('update checkpoint set position = $1', [recorded.length]);
  await alone.query('set local search_path = public');
}
