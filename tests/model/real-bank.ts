/** The real bank for the property test: PostgreSQL's journal, two bookkeepers on it, and the projector beside them. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import { openBookkeeper } from '../../ledger/src/bookkeeper/open.ts';
import { postgresWriterLock } from '../../ledger/src/bookkeeper/postgres-writer-lock.ts';
import { fileSnapshots } from '../../ledger/src/bookkeeper/snapshot.ts';
import { civilTime } from '../../ledger/src/civil-time.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import { decode } from '../../ledger/src/domain/codec.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import type { Comparison } from '../../projections/src/compare.ts';
import { projectorConnection } from '../../projections/src/connection.ts';
import { readModel as postgresReadModel } from '../../projections/src/postgres-read-model.ts';
import { runProjector } from '../../projections/src/projector.ts';
import { keyIndex } from '../../projections/src/queries/key-index.ts';
import type { ReadModel } from '../../projections/src/read-model.ts';
import { rebuild } from '../../projections/src/rebuild.ts';
import { testEventLog } from '../support/event-log.ts';
import { createDatabase } from '../support/postgres.ts';
import { systemTimer } from '../../ledger/src/timer.ts';
import type { DecryptProfiles } from '../../projections/src/customer-names.ts';
import { testMacKey } from '../../ledger/tests/support/mac-key.ts';
import { plentyOfCash } from '../../ledger/tests/support/plenty-of-cash.ts';

export type RealBank = {
  readonly readModel: ReadModel;
  bookkeeper(server: number): Bookkeeper;
  /** In order, with a last snapshot; or left behind as by a crash, with the snapshot it had. */
  restart(server: number, how: 'in order' | 'as by a crash'): Promise<void>;
  history(): Promise<readonly Recorded[]>;
  /** Waits until the read model shows the whole journal. */
  shown(): Promise<void>;
  /** Builds the read model again from the first event and compares it with the one in use. */
  rebuilt(): Promise<readonly Comparison[]>;
  close(): Promise<void>;
};

const decryptProfiles: DecryptProfiles = (sealed) => Promise.resolve(sealed.map(() => undefined));

export async function realBank(): Promise<RealBank> {
  const database = await createDatabase();
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-model-'));
  const connect = (max: number): pg.Pool => new pg.Pool({ connectionString: database.url, max });
  const pool = connect(8);
  const lockPools = [connect(1), connect(1)];
  const journal = openJournal(testEventLog(), pool);
  const keys = journal.keys ?? keyIndex({ pool });
  const readModel = postgresReadModel({ pool });
  const ending = new AbortController();
  const projecting = runProjector({
    journal,
    connection: () => new pg.Client(projectorConnection(database.url, 'read')),
    decryptProfiles,
    log: { info: () => undefined, warn: () => undefined },
    signal: ending.signal,
  });

  const open = (server: number): Promise<Bookkeeper> =>
    openBookkeeper({
      journal,
      keys,
      writerLock: postgresWriterLock({ pool: lockPools[server] as pg.Pool }),
      snapshots: fileSnapshots({ path: join(stateDir, `book-${String(server)}.snapshot`) }),
      now: () => new Date().toISOString(),
      dayOf: civilTime('Europe/Paris').dayOf,
      cashLimits: plentyOfCash,
      newId: randomUUID,
      macKey: testMacKey,
      schedule: setImmediate,
      timer: systemTimer,
      // Small, so that batches, snapshots and forgotten keys come up in short histories too.
      limits: { batch: 7, snapshotEvery: 10, cachedKeys: 5 },
    });
  const bookkeepers = [await open(0), await open(1)];
  const leftBehind: Bookkeeper[] = [];
  const bookkeeper = (server: number): Bookkeeper => bookkeepers[server] as Bookkeeper;

  return {
    readModel,
    bookkeeper,
    async restart(server, how) {
      if (how === 'in order') await bookkeeper(server).stop();
      else leftBehind.push(bookkeeper(server));
      bookkeepers[server] = await open(server);
    },
    async history() {
      return (await journal.read({ from: 1, limit: 10_000 })).map(decode);
    },
    async shown() {
      if (!(await readModel.waitFor(await journal.head(), 20_000))) throw new Error('the read model does not catch up');
    },
    async rebuilt() {
      const owners = [0, 1].map(() => new pg.Client({ connectionString: database.url }));
      const writer = new pg.Client(projectorConnection(database.url, 'read_next'));
      const [owner, observer] = owners as [pg.Client, pg.Client];
      const clients = [owner, observer, writer];
      for (const client of clients) await client.connect();
      try {
        const built = await rebuild({ journal, decryptProfiles, owner, observer, writer, onProgress: () => undefined });
        if (built === 'under way already') throw new Error(built);
        return built.comparisons;
      } finally {
        for (const client of clients) await client.end();
      }
    },
    async close() {
      for (const one of [...bookkeepers, ...leftBehind]) await one.stop();
      ending.abort();
      await projecting;
      readModel.close();
      await journal.close();
      for (const one of [pool, ...lockPools]) await one.end();
      await database.drop();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
