/** Opens the bank for a tool that writes into the journal, with a projector beside it. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bindJournal } from '../../ledger/src/journal/journal-identity.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { assertReachable } from '../../ledger/src/journal/reach-journal.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { projectorConnection, readersConnection } from '../../projections/src/connection.ts';
import { runProjector } from '../../projections/src/projector.ts';
import { progress } from '../../projections/src/queries/progress.ts';
import type { Bank, BankOptions } from '../../server/src/open-bank.ts';
import { openBank } from '../../server/src/open-bank.ts';
import type { LogIns } from './log-in-roles.ts';
import type { ImportDeps } from '../../importer/src/import-bank.ts';

export type BankConfig = Pick<BankOptions, 'eventLog' | 'secrets' | 'stateDir' | 'timeZone' | 'cashLimits'> & {
  readonly logIns: LogIns;
};

export type BankWithProjector = {
  readonly bank: ImportDeps & Pick<Bank, 'vault' | 'clock' | 'readModel' | 'auditJournal'>;
  /** Waits until the read model shows everything that was written. */
  shown(): Promise<void>;
  close(): Promise<void>;
};

/** A tool ends soon: asking twenty times a second costs nothing that matters. */
const pollMs = 50;

/**
 * Without a projector the bookkeeper would have to remember every key. Where the bank's own is at work, this one stands
 * by.
 */
export async function openBankWithProjector(config: BankConfig): Promise<BankWithProjector> {
  const { logIns, eventLog, secrets } = config;
  await using opened = new AsyncDisposableStack();
  const pool = new pg.Pool(readersConnection(logIns.projector));
  // A connection lost while nobody used it: the next use makes a new one.
  pool.on('error', () => undefined);
  opened.defer(() => pool.end());
  const journal = openJournal(eventLog, pool);
  opened.defer(() => journal.close());
  await assertReachable(journal, 'EVENT_LOG_URL');
  await bindJournal({ pool, journal, eventLog, projected: (await progress(pool)).position });
  const vault = postgresVault({ pool, masterKeys: secrets.masterKeys });
  const ending = new AbortController();
  let failure: { readonly reason: unknown } | undefined;
  const projecting = runProjector({
    journal,
    connection: () => new pg.Client(projectorConnection(logIns.projector, 'read')),
    decryptProfiles: (sealed) => vault.openMany(sealed),
    log: { info: () => undefined, warn: () => undefined },
    signal: ending.signal,
  }).catch((reason: unknown) => {
    failure = { reason };
  });
  opened.defer(async () => {
    ending.abort();
    await projecting;
  });
  const bank = await openBank({
    ...config,
    databaseUrl: logIns.server,
    application: 'command',
    onLostConnection: () => undefined,
    onTrouble: () => undefined,
  });
  opened.defer(() => bank.close());

  const taken = opened.move();
  return {
    bank: {
      bookkeeper: bank.bookkeeper,
      vault: bank.vault,
      clock: bank.clock,
      readModel: bank.readModel,
      auditJournal: bank.auditJournal,
      enrolMany: (enrolments, onProgress) => bank.pinAuthenticator.enrolMany(enrolments, onProgress),
      requestKey: secrets.requestKey,
    },
    async shown() {
      while ((await bank.readModel.position()) < bank.bookkeeper.head) {
        if (failure !== undefined) throw failure.reason;
        await sleep(pollMs);
      }
    },
    close: () => taken.disposeAsync(),
  };
}
