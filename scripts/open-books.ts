/** Puts together what a tool needs that writes into the bank's books: the bookkeeper, the vault, the PIN gate, and a projector. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openBookkeeper } from '../ledger/src/bookkeeper/open.ts';
import { postgresTurns } from '../ledger/src/bookkeeper/postgres-turns.ts';
import { fileSnapshots } from '../ledger/src/bookkeeper/snapshot.ts';
import type { EventLog } from '../ledger/src/journal/event-log.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import type { Vault } from '../ledger/src/vault/vault.ts';
import { postgresVault } from '../ledger/src/vault/vault.ts';
import { projectorConnection } from '../projections/src/connection.ts';
import { runProjector } from '../projections/src/projector.ts';
import { keyIndex } from '../projections/src/queries/key-index.ts';
import { postgresPinGate } from '../server/src/access/pin-gate.ts';
import type { Secrets } from '../server/src/secrets.ts';
import { reach } from './reach-journal.ts';
import type { ImportDeps } from './import/import-bank.ts';

export type BooksPlace = {
  readonly databaseUrl: string;
  readonly eventLog: EventLog;
  readonly secrets: Secrets;
  readonly stateDir: string;
};

export type OpenBooks = {
  readonly books: ImportDeps & { readonly vault: Vault };
  /** Waits until the read model shows everything that was written. */
  shown(): Promise<void>;
  close(): Promise<void>;
};

const pollMs = 50;

/** A projector runs along (standing by when the bank's own is at work), or the bookkeeper would keep every key in memory. */
export async function openBooks({ databaseUrl, eventLog, secrets, stateDir }: BooksPlace): Promise<OpenBooks> {
  const connect = (role: 'server' | 'projector', max: number): pg.Pool => {
    const pool = new pg.Pool({
      connectionString: databaseUrl,
      options: `-c role=grandlivre_${role}`,
      application_name: 'grand-livre books',
      max,
    });
    // A connection lost while nobody used it: the next use makes a new one.
    pool.on('error', () => undefined);
    return pool;
  };
  const pool = connect('server', 6);
  const turnTakers = connect('server', 1);
  const projectorPool = connect('projector', 3);
  const journal = openJournal(eventLog, pool);
  await reach(journal, 'EVENT_LOG_URL').catch(async (error: unknown) => {
    await Promise.all([journal.close(), pool.end(), turnTakers.end(), projectorPool.end()]);
    throw error;
  });
  const projectorJournal = openJournal(eventLog, projectorPool);
  const vault = postgresVault({ pool, masterKeys: secrets.masterKeys });
  const pinGate = postgresPinGate({ pool, pinKey: secrets.pinKey });
  const keys = keyIndex({ pool });

  const ending = new AbortController();
  let projectorFailure: { readonly reason: unknown } | undefined;
  const projecting = runProjector({
    journal: projectorJournal,
    connection: () => new pg.Client(projectorConnection(databaseUrl, 'read')),
    openProfile: (keyId, sealed) => vault.open(keyId, sealed),
    log: { info: () => undefined, warn: () => undefined },
    signal: ending.signal,
  }).catch((reason: unknown) => {
    projectorFailure = { reason };
  });
  const endPools = async (): Promise<void> => {
    ending.abort();
    await projecting;
    await Promise.all([journal, projectorJournal].map((one) => one.close()));
    await Promise.all([pool, turnTakers, projectorPool].map((one) => one.end()));
  };

  const bookkeeper = await openBookkeeper({
    journal,
    keys,
    turns: postgresTurns({ pool: turnTakers }),
    snapshots: fileSnapshots({ path: join(stateDir, 'book.snapshot') }),
    now: () => new Date().toISOString(),
    newId: randomUUID,
    soon: setImmediate,
    sleep: (ms) => sleep(ms),
  }).catch(async (error: unknown) => {
    await endPools();
    throw error;
  });

  return {
    books: {
      bookkeeper,
      vault,
      enrolMany: (enrolments, onProgress) => pinGate.enrolMany(enrolments, onProgress),
      requestKey: secrets.requestKey,
    },
    async shown() {
      while ((await keys.lookUp([])).checkpoint < bookkeeper.head) {
        if (projectorFailure !== undefined) throw projectorFailure.reason;
        await sleep(pollMs);
      }
    },
    async close() {
      await bookkeeper.stop();
      await endPools();
    },
  };
}
