/** Opens the bank on its stores: the bookkeeper on the journal, the vault, PINs and the read model, for the server, the tools and the benchmarks. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { OpenOptions } from '../../ledger/src/bookkeeper/open.ts';
import { openBookkeeper } from '../../ledger/src/bookkeeper/open.ts';
import { postgresWriterLock } from '../../ledger/src/bookkeeper/postgres-writer-lock.ts';
import { fileSnapshots } from '../../ledger/src/bookkeeper/snapshot.ts';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import type { CashLimits } from '../../ledger/src/domain/cash-limits.ts';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { bindJournal } from '../../ledger/src/journal/journal-identity.ts';
import { assertReachable } from '../../ledger/src/journal/reach-journal.ts';
import { currentGeneration } from '../../ledger/src/vault/master-keys.ts';
import { systemTimer } from '../../ledger/src/timer.ts';
import type { Vault } from '../../ledger/src/vault/vault.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { readModel as postgresReadModel } from '../../projections/src/postgres-read-model.ts';
import { keyIndex } from '../../projections/src/queries/key-index.ts';
import type { ReadModel } from '../../projections/src/read-model.ts';
import type { BankClock } from './bank-clock.ts';
import { machineClock } from './bank-clock.ts';
import type { PinAuthenticator } from './access/pin-authenticator.ts';
import { postgresPinAuthenticator } from './access/pin-authenticator.ts';
import type { Application, Pools } from './connections.ts';
import { connectionShortage, endPools, openPools, serverConnection } from './connections.ts';
import type { Secrets } from './secrets.ts';

export type BankOptions = {
  readonly databaseUrl: string;
  readonly eventLog: EventLog;
  readonly secrets: Secrets;
  /** Where the snapshot of the book is saved. */
  readonly stateDir: string;
  /** The bank's civil time zone: a command counts from its day there. */
  readonly timeZone: string;
  readonly cashLimits: CashLimits;
  readonly application: Application;
  /** Told of a database connection that was lost while nobody used it. */
  readonly onLostConnection: (error: Error) => void;
  /** Told of what went wrong and is being dealt with. */
  readonly onTrouble: (what: string, error?: unknown) => void;
} & Pick<OpenOptions, 'tracer' | 'onBatch' | 'onBroken'>;

export type Bank = {
  readonly pools: Pools;
  readonly clock: BankClock;
  readonly bookkeeper: Bookkeeper;
  /** As customers read it. */
  readonly readModel: ReadModel;
  /** The same journal as the bookkeeper's and the same read model, through auditors' own connections: no append waits for them. */
  readonly auditJournal: Journal;
  readonly auditReadModel: ReadModel;
  /** And once more for what goes on for long: feeds and downloads. */
  readonly streams: { readonly journal: Journal; readonly readModel: ReadModel };
  readonly vault: Vault;
  readonly pinAuthenticator: PinAuthenticator;
  /** Finishes what waits, saves a snapshot, and takes everything down in the reverse order. */
  readonly close: () => Promise<void>;
};

/** Throws `Failure` when the event log cannot be reached or is another than the database's, and `BrokenHistory` when the journal contradicts itself. */
export async function openBank(options: BankOptions): Promise<Bank> {
  const { databaseUrl, eventLog, secrets, stateDir, application, tracer, onTrouble, onBatch, onBroken } = options;
  await using opened = new AsyncDisposableStack();
  const pools = openPools(serverConnection(databaseUrl, application), options.onLostConnection);
  opened.defer(async () => {
    await endPools(pools);
  });
  const shortage = await connectionShortage(pools.health);
  if (shortage !== undefined) onTrouble(shortage);
  const readModel = postgresReadModel({ pool: pools.reads });
  opened.defer(() => {
    readModel.close();
  });
  // Without it nobody's name can be read, and nobody can be written down.
  await secrets.masterKeys.get(await currentGeneration(pools.commands));
  const auditJournal = openJournal(eventLog, pools.audit);
  opened.defer(() => auditJournal.close());
  const streamsJournal = openJournal(eventLog, pools.streams);
  opened.defer(() => streamsJournal.close());
  const journal = openJournal(eventLog, pools.bookkeeper);
  opened.defer(() => journal.close());
  await assertReachable(journal, 'EVENT_LOG_URL');
  const projected = await readModel.position();
  await bindJournal({ pool: pools.commands, journal, eventLog, projected });
  await assertSameHistory(projected, journal);
  const clock = await machineClock(async () => {
    const sql = 'select extract(epoch from clock_timestamp()) * 1000 as ms';
    const { rows } = await pools.health.query<{ ms: string }>(sql);
    return Number(rows[0]?.ms);
  });
  const bookkeeper = await openBookkeeper({
    journal,
    keys: journal.keys ?? keyIndex({ pool: pools.bookkeeper }),
    writerLock: postgresWriterLock({ pool: pools.writerLock }),
    snapshots: fileSnapshots({ path: join(stateDir, 'book.snapshot') }),
    now: () => new Date(clock.nowMs()).toISOString(),
    dayOf: civilTime(options.timeZone).dayOf,
    cashLimits: options.cashLimits,
    newId: randomUUID,
    macKey: secrets.macKey,
    schedule: setImmediate,
    timer: systemTimer,
    onTrouble,
    ...(tracer && { tracer }),
    ...(onBatch && { onBatch }),
    ...(onBroken && { onBroken }),
  });
  opened.defer(() => bookkeeper.stop());
  const taken = opened.move();
  return {
    pools,
    clock,
    bookkeeper,
    readModel,
    auditJournal,
    auditReadModel: readModel.on(pools.audit),
    streams: { journal: streamsJournal, readModel: readModel.on(pools.streams) },
    vault: postgresVault({ pool: pools.commands, masterKeys: secrets.masterKeys }),
    pinAuthenticator: postgresPinAuthenticator({ pool: pools.commands, pinKey: secrets.pinKey }),
    close: () => taken.disposeAsync(),
  };
}

/** Throws `BrokenHistory` when the read model is ahead of the journal: it was built from another one. */
async function assertSameHistory(position: number, journal: Journal): Promise<void> {
  const head = await journal.head();
  if (position <= head) return;
  throw new BrokenHistory(
    `the read model is at ${String(position)}, beyond the journal's end at ${String(head)}: it was built from another journal, or the event log is an older backup (then npm run rebuild -- --discard-beyond-journal)`,
  );
}
