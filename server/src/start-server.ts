/** Puts the server together from its parts, opens the door, and takes it all down again in order. */
import { createSecretKey, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Logger } from 'pino';
import { openBookkeeper } from '../../ledger/src/bookkeeper/open.ts';
import { postgresTurns } from '../../ledger/src/bookkeeper/postgres-turns.ts';
import { fileSnapshots } from '../../ledger/src/bookkeeper/snapshot.ts';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { currentGeneration } from '../../ledger/src/vault/master-keys.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { readModel as postgresReadModel } from '../../projections/src/postgres-read-model.ts';
import { keyIndex } from '../../projections/src/queries/key-index.ts';
import { postgresPinGate } from './access/pin-gate.ts';
import { postgresSessions } from './access/sessions.ts';
import { postgresSecurityLog } from './audit/security-log.ts';
import { postgresVerifications } from './audit/verifications.ts';
import { readCertificates } from './certificates.ts';
import { every } from './every.ts';
import { createApp } from './http/app.ts';
import { openDoor } from './http/https-server.ts';
import { createMetrics, watchGauges } from './http/metrics.ts';
import { openApiDocument } from './http/openapi.ts';
import { accountRoutes } from './http/routes/accounts.ts';
import { auditRoutes } from './http/routes/audit.ts';
import { batchRoutes } from './http/routes/batch.ts';
import { moneyRoutes } from './http/routes/money.ts';
import { operationRoutes } from './http/routes/operations.ts';
import { oversightRoutes } from './http/routes/oversight.ts';
import { sessionRoutes } from './http/routes/sessions.ts';
import { staffRoutes } from './http/routes/staff.ts';
import { systemRoutes } from './http/routes/system.ts';
import type { Route } from './http/serve.ts';
import { terminals } from './http/terminal.ts';
import { projectorWatch } from './projector-watch.ts';
import { readinessOf } from './readiness.ts';
import type { Secrets } from './secrets.ts';
import { postgresStaffGate } from './staff/staff-gate.ts';
import { postgresStaffSessions } from './staff/staff-sessions.ts';

export type ServerOptions = {
  readonly databaseUrl: string;
  readonly eventLog: EventLog;
  readonly secrets: Secrets;
  /** Where `ca.crt`, `server.crt`, `server.key` and, when a terminal was revoked, `ca.crl` are. */
  readonly certsDir: string;
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  readonly isBehindProxy: boolean;
  readonly terminals: 'optional' | 'required';
  /** Where the snapshot of the book is kept. */
  readonly stateDir: string;
  readonly version: string;
  readonly log: Logger;
  /** Told when the journal contradicts itself: this process cannot go on. */
  readonly onBroken: (error: Error) => void;
};

export type RunningServer = { readonly port: number; readonly stop: () => Promise<void> };

const lookEveryMs = 1_000;
const sweepEveryMs = 60_000;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { secrets, log, onBroken } = options;
  const certificates = await readCertificates(options.certsDir);
  // Apart, so that a crowd of readers never keeps the journal's writer waiting, nor a turn its own connection.
  const readers = connect(options, { max: 10, statement_timeout: 10_000 });
  const writer = connect(options, { max: 4, statement_timeout: 30_000 });
  const turnTakers = connect(options, { max: 1 });
  const readModel = postgresReadModel({ pool: readers });
  const takeDown: (() => unknown)[] = [
    () => Promise.all([readers, writer, turnTakers].map((pool) => pool.end())),
    () => {
      readModel.close();
    },
  ];
  const stop = async (): Promise<void> => {
    for (const step of takeDown.splice(0).reverse()) await step();
  };
  try {
    // Without it nobody's name can be read, and nobody can be written down.
    await secrets.masterKeys.get(await currentGeneration(readers));
    const journal = openJournal(options.eventLog, writer);
    takeDown.push(() => journal.close());
    const metrics = createMetrics();
    const bookkeeper = await openBookkeeper({
      journal,
      keys: keyIndex({ pool: writer }),
      turns: postgresTurns({ pool: turnTakers }),
      snapshots: fileSnapshots({ path: join(options.stateDir, 'book.snapshot') }),
      now: () => new Date().toISOString(),
      newId: randomUUID,
      soon: setImmediate,
      sleep: (ms) => sleep(ms),
      onGroup: metrics.observeGroup,
      onTrouble: (what, error) => {
        log.warn({ err: error }, what);
      },
      onBroken,
    });
    takeDown.push(() => bookkeeper.stop());

    const sessions = postgresSessions({ pool: readers });
    const staffSessions = postgresStaffSessions({ pool: readers });
    const staffGate = postgresStaffGate({ pool: readers, masterKeys: secrets.masterKeys });
    const pinGate = postgresPinGate({ pool: readers, pinKey: secrets.pinKey });
    const vault = postgresVault({ pool: readers, masterKeys: secrets.masterKeys });
    const security = postgresSecurityLog({
      pool: readers,
      onTrouble: (error) => {
        log.warn({ err: error }, 'a security event could not be noted');
      },
    });
    const verifications = postgresVerifications({
      pool: readers,
      journal,
      connect: async () => {
        const client = new pg.Client({ ...connection(options), statement_timeout: 0 });
        client.on('error', () => undefined);
        await client.connect();
        return client;
      },
      onTrouble: (error) => {
        log.error({ err: error }, 'a verification could not be carried through');
      },
    });
    const projector = projectorWatch();
    watchGauges(metrics, {
      queueLength: () => bookkeeper.queueLength,
      head: () => bookkeeper.head,
      accounts: () => bookkeeper.accountCount,
      projectorPosition: () => projector.position,
      projectorLagSeconds: () => projector.lagSeconds(performance.now()),
      certificateExpiry: () => certificates.notAfterMs,
    });

    // Made once: with plain bytes each hash would cost four times as much.
    const requestKey = createSecretKey(secrets.requestKey);
    const routes: readonly Route[] = [
      ...accountRoutes({ bookkeeper, readModel, vault, pinGate, requestKey }),
      ...sessionRoutes({ bookkeeper, readModel, sessions, pinGate, security }),
      ...moneyRoutes({ bookkeeper, readModel, pinGate, security, requestKey }),
      ...batchRoutes({ bookkeeper, requestKey }),
      ...staffRoutes({ staffGate, staffSessions, security }),
      ...auditRoutes({ readModel, journal }),
      ...oversightRoutes({
        ...{ readModel, journal, security, verifications },
        progress: () => ({
          head: bookkeeper.head,
          position: projector.position,
          lagSeconds: projector.lagSeconds(performance.now()),
        }),
      }),
      ...operationRoutes({ bookkeeper, journal, pinGate, sessions, requestKey }),
      ...systemRoutes({
        readiness: () => readinessOf({ pool: readers, bookkeeper, projector, certificates }),
        registry: metrics.registry,
        // Of the routes themselves: what is served is what is documented.
        document: () =>
          openApiDocument(
            routes.map(({ call }) => call),
            options.version,
          ),
      }),
    ];
    const app = createApp({
      routes,
      keepers: {
        sessions,
        staffSessions,
        terminals: options.terminals,
        terminalOf: terminals(certificates.isRevoked),
      },
      metrics,
      log,
    });

    const repeat = (ms: number, what: string, run: () => Promise<unknown>): void => {
      const end = every(ms, run, (error) => {
        log.warn({ err: error }, `${what} failed and is tried again`);
      });
      takeDown.push(end);
    };
    repeat(lookEveryMs, 'looking at journal and read model', async () => {
      await bookkeeper.catchUp();
      const { head } = bookkeeper;
      projector.look({ atMs: performance.now(), head, position: await readModel.position() });
    });
    repeat(sweepEveryMs, 'sweeping out what has expired', () =>
      Promise.all([sessions.sweep(), staffSessions.sweep(), staffGate.sweep(), pinGate.sweep()]),
    );

    const door = await openDoor(app, { ...options, tls: certificates.tls });
    takeDown.push(() => door.close());
    repeat(lookEveryMs, 'looking at the certificates', () => certificates.refresh(door.renew));
    return { port: door.port, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const connection = ({ databaseUrl }: ServerOptions): pg.ClientConfig => ({
  connectionString: databaseUrl,
  connectionTimeoutMillis: 5_000,
  options: '-c role=grandlivre_server',
  application_name: 'grand-livre server',
  keepAlive: true,
});

function connect(options: ServerOptions, limits: pg.PoolConfig): pg.Pool {
  const { log } = options;
  const pool = new pg.Pool({ ...connection(options), ...limits });
  // A connection lost while nobody used it: the next use makes a new one.
  pool.on('error', (error) => {
    log.warn({ err: error }, 'an idle database connection was lost');
  });
  // One lost while somebody held it: the holder meets the error at the next query, but without a listener it would
  // end the process.
  pool.on('connect', (client) => {
    client.on('error', () => undefined);
  });
  return pool;
}
