/** The server's life: opens the bank, listens, repeats what has to be repeated, and takes it all down again in order. */
import type { Logger } from 'pino';
import { readCertificates } from './certificates.ts';
import { compose } from './compose.ts';
import { readPublishedLog } from '../../ledger/src/transparency/log-tables.ts';
import { listen } from './http/listener.ts';
import { createMetrics } from './http/metrics.ts';
import type { Guards } from './http/pipeline.ts';
import { clientAddresses } from './http/proxy-protocol.ts';
import { logWatch } from './log/log-watch.ts';
import type { BankOptions } from './open-bank.ts';
import { openBank } from './open-bank.ts';
import type { StaffRules } from './staff/staff-access.ts';
import { projectorWatch } from './projector-watch.ts';
import { repeat } from './repeat.ts';
import { recordVerification } from './audit/record-verification.ts';
import { verificationStarter } from './threads/start-verification.ts';
import { threadPool } from './threads/thread-pool.ts';

export type ServerOptions = Pick<
  BankOptions,
  'databaseUrl' | 'eventLog' | 'secrets' | 'stateDir' | 'timeZone' | 'cashLimits' | 'tracer'
> &
  Pick<Guards, 'terminals'> &
  StaffRules & {
    /** Where `ca.crt`, `server.crt`, `server.key` and, when a terminal was revoked, `ca.crl` are. */
    readonly certsDir: string;
    readonly host: string;
    /** 0: any free one. */
    readonly port: number;
    readonly isBehindProxy: boolean;
    /** What one operator may move alone with one batch, in minor units. */
    readonly batchLimitMinor: bigint;
    /** See `Config`. */
    readonly logPolicy: string | undefined;
    readonly logVkey: string | undefined;
    readonly version: string;
    readonly securityEventsDays: number;
    readonly log: Logger;
    /** Told when this process cannot go on: with `BrokenHistory` where the journal contradicts itself, else with a defect. */
    readonly onBroken: (error: Error) => void;
  };

export type RunningServer = { readonly port: number; readonly stop: () => Promise<void> };

/** How soon an idle server sees what others wrote, or that it is cut off. */
const catchUpIntervalMs = 500;
/** How soon a lag is measured and a revoked terminal is turned away. */
const pollIntervalMs = 1_000;
/** How soon a clock that was set is named by `/health/ready`. */
const compareIntervalMs = 1_000;
/** An expired session opens nothing whether its row is there or not: this only bounds the tables. */
const sweepIntervalMs = 60_000;

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { log, databaseUrl, eventLog, stateDir, logPolicy, logVkey } = options;
  await using started = new AsyncDisposableStack();
  const certificates = await readCertificates(options.certsDir);
  const metrics = createMetrics();
  const warn = (what: string, error?: unknown): void => {
    log.warn({ err: error }, what);
  };
  const bank = await openBank({
    ...options,
    application: 'server',
    onLostConnection: (error) => {
      warn('an idle database connection was lost', error);
    },
    onTrouble: warn,
    onBatch: metrics.observeBatch,
  });
  started.defer(() => bank.close());

  const threads = threadPool();
  started.defer(() => threads.close());
  const verification = verificationStarter(
    { databaseUrl, eventLog, stateDir, logPolicy, logVkey },
    (end, startedBy, signal) => recordVerification(bank.bookkeeper, end, startedBy, signal),
    (error) => {
      log.error({ err: error }, 'a verification could not be carried through');
    },
  );
  started.defer(() => verification.close());
  const projector = projectorWatch();
  const transparencyLog = logWatch();
  const clients = clientAddresses();
  const { app, sweep } = compose({
    ...options,
    ...{ bank, certificates, projector, transparencyLog, threads, metrics },
    startVerification: verification.start,
    sourceAddress: (connection) => clients.of(connection),
  });

  const ends: (() => Promise<void>)[] = [];
  started.defer(async () => {
    await Promise.all(ends.map((end) => end()));
  });
  const runRepeatedly = (intervalMs: number, what: string, run: () => Promise<unknown>): void => {
    const end = repeat(intervalMs, run, (error) => {
      warn(`${what} failed and is tried again`, error);
    });
    ends.push(end);
  };
  runRepeatedly(catchUpIntervalMs, 'polling the journal', () => bank.bookkeeper.catchUp());
  // Apart, so that a journal that does not answer leaves the lag known.
  runRepeatedly(pollIntervalMs, 'polling the read model', async () => {
    const { head } = bank.bookkeeper;
    projector.observe({ atMs: performance.now(), head, position: await bank.readModel.position() });
  });
  runRepeatedly(pollIntervalMs, 'reading the last checkpoint', async () => {
    const { head } = bank.bookkeeper;
    transparencyLog.observe({ atMs: performance.now(), head, log: await readPublishedLog(bank.pools.reads) });
  });
  runRepeatedly(compareIntervalMs, 'comparing the clocks', () => bank.clock.compare());
  runRepeatedly(sweepIntervalMs, 'sweeping out what has expired', sweep);

  const listener = await listen(app, {
    ...options,
    tls: certificates.tls,
    clientsBehindProxy: options.isBehindProxy ? clients : undefined,
  });
  started.defer(() => listener.close());
  runRepeatedly(pollIntervalMs, 'reading the certificates', () => certificates.refresh(listener.renew));
  const running = started.move();
  return { port: listener.port, stop: () => running.disposeAsync() };
}
