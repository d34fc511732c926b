/** Composition: the application with every route and what it needs, put together on an opened bank. */
import { createSecretKey } from 'node:crypto';
import type { Express } from 'express';
import type { Logger } from 'pino';
import { civilTime } from '../../ledger/src/civil-time.ts';
import type { Tracer } from '../../ledger/src/tracing/tracer.ts';
import { openApiDocument } from '../../api/src/openapi.ts';
import { postgresSourceFailures } from './access/source-failures.ts';
import { postgresPayeeLimits } from './access/payee-limits.ts';
import { postgresSessions, postgresStaffSessions } from './access/postgres-sessions.ts';
import { postgresSecurityLog } from './audit/postgres-security-log.ts';
import type { StartVerification } from './audit/verifications.ts';
import { postgresVerifications } from './audit/verifications.ts';
import type { Certificates } from './certificates.ts';
import { createApp } from './http/app.ts';
import type { Metrics } from './http/metrics.ts';
import { watchGauges } from './http/metrics.ts';
import type { Guards, Route } from './http/pipeline.ts';
import { accountRoutes } from './http/routes/accounts.ts';
import { auditAccountRoutes } from './http/routes/audit-accounts.ts';
import { bankOverviewRoutes } from './http/routes/bank-overview.ts';
import { batchRoutes } from './http/routes/batch.ts';
import { exportRoutes } from './http/routes/exports.ts';
import { feedRoutes } from './http/routes/feed.ts';
import { logRoutes } from './http/routes/log.ts';
import { moneyRoutes } from './http/routes/money.ts';
import { operationRoutes } from './http/routes/operations.ts';
import { proposalRoutes } from './http/routes/proposals.ts';
import { receiptRoutes } from './http/routes/receipts.ts';
import { sessionRoutes } from './http/routes/sessions.ts';
import { staffRoutes } from './http/routes/staff.ts';
import { systemRoutes } from './http/routes/system.ts';
import { verificationRoutes } from './http/routes/verification.ts';
import { certificateReader } from './http/terminal.ts';
import type { LogWatch } from './log/log-watch.ts';
import { namedPolicy } from './log/named-policy.ts';
import { publishedLog as postgresPublishedLog } from './log/published-log.ts';
import type { Bank } from './open-bank.ts';
import { postgresProposalStore } from './proposals/proposal-store.ts';
import type { ProjectorWatch } from './projector-watch.ts';
import { healthOf } from './health.ts';
import type { Secrets } from './secrets.ts';
import { knownDevices } from './staff/known-devices.ts';
import type { StaffRules } from './staff/staff-access.ts';
import { staffAccess } from './staff/staff-access.ts';
import { postgresStaffAuthenticator } from './staff/staff-authenticator.ts';
import type { ThreadPool } from './threads/thread-pool.ts';

type Parts = {
  readonly bank: Bank;
  readonly secrets: Secrets;
  readonly certificates: Certificates;
  readonly projector: ProjectorWatch;
  readonly transparencyLog: LogWatch;
  readonly threads: ThreadPool;
  readonly startVerification: StartVerification;
  readonly metrics: Metrics;
  readonly log: Logger;
  /** Absent while traces are off. */
  readonly tracer?: Tracer;
  readonly version: string;
  readonly timeZone: string;
  /** Security events are deleted after so many days. */
  readonly securityEventsDays: number;
  /** What one operator may move alone with one batch, in minor units. */
  readonly batchLimitMinor: bigint;
  readonly stateDir: string;
  /** See `Config`. */
  readonly logPolicy: string | undefined;
  readonly logVkey: string | undefined;
} & Pick<Guards, 'terminals' | 'sourceAddress'> &
  StaffRules;

export type Composed = {
  readonly app: Express;
  /** Deletes the sessions and attempts that have expired. */
  readonly sweep: () => Promise<unknown>;
};

export function compose(parts: Parts): Composed {
  const { bank, secrets, certificates, projector, threads, metrics, log, terminals, timeZone, sourceAddress } = parts;
  const transparencyLog = () => parts.transparencyLog.state(performance.now());
  const { bookkeeper, readModel, vault, pinAuthenticator, auditJournal: journal, auditReadModel, streams } = bank;
  const civil = civilTime(timeZone);
  const pool = bank.pools.commands;
  const sessions = postgresSessions({ pool });
  const staffSessions = postgresStaffSessions({ pool });
  const sourceFailures = postgresSourceFailures({ pool });
  const staffAuthenticator = postgresStaffAuthenticator({ pool, masterKeys: secrets.masterKeys, sourceFailures });
  const proposals = postgresProposalStore({ pool });
  const payeeLimits = postgresPayeeLimits({ pool });
  const security = postgresSecurityLog({
    pool,
    readers: bank.pools.streams,
    keepDays: parts.securityEventsDays,
    onTrouble: (error) => {
      log.warn({ err: error }, 'a security event could not be recorded');
    },
  });
  const verifications = postgresVerifications({ pool: bank.pools.streams, start: parts.startVerification });
  const publishedLog = postgresPublishedLog({ pool: bank.pools.reads });
  const health = healthOf({
    pools: bank.pools,
    bookkeeper,
    clock: bank.clock,
    projector,
    transparencyLog,
    certificates,
    terminals,
  });
  watchGauges(metrics, {
    queueLength: () => bookkeeper.queueLength,
    threadsWaiting: () => threads.waiting,
    head: () => bookkeeper.head,
    accounts: () => bookkeeper.accountCount,
    projectorPosition: () => projector.position,
    readModelLagSeconds: () => projector.lagSeconds(performance.now()),
    transparencyLog,
    isReady: async () => (await health.readiness()).status === 'ready',
    isFresh: async () => (await health.freshness()).status === 'fresh',
    certificateExpiry: () => certificates.notAfterMs,
  });

  // Made once: with plain bytes each hash would cost four times as much.
  const requestKey = createSecretKey(secrets.requestKey);
  const devices = knownDevices(requestKey);
  const { terminalOf, staffCertificateOf } = certificateReader(certificates.isRevoked);
  const routes: readonly Route[] = [
    ...accountRoutes({ timeZone, bookkeeper, readModel, streams, vault, pinAuthenticator, security, requestKey }),
    ...sessionRoutes({ timeZone, bookkeeper, readModel, sessions, pinAuthenticator, sourceFailures, security }),
    ...moneyRoutes({ bookkeeper, readModel, pinAuthenticator, payeeLimits, security, requestKey }),
    ...batchRoutes({ bookkeeper, proposals, requestKey, batchLimitMinor: parts.batchLimitMinor }),
    ...proposalRoutes({ bookkeeper, journal, proposals, requestKey }),
    ...staffRoutes({ timeZone, staffAuthenticator, staffSessions, knownDevices: devices, security }),
    ...auditAccountRoutes({ readModel: auditReadModel, journal, threads, civil }),
    ...bankOverviewRoutes({
      readModel: auditReadModel,
      transparencyLog,
      progress: () => ({
        head: bookkeeper.head,
        position: projector.position,
        lagSeconds: projector.lagSeconds(performance.now()),
      }),
    }),
    ...feedRoutes({ journal: streams.journal, security }),
    ...verificationRoutes({ verifications }),
    ...exportRoutes({ readModel: auditReadModel, streams, threads, publishedLog, civil }),
    ...logRoutes({ publishedLog, streams }),
    ...receiptRoutes({ publishedLog, journal }),
    ...operationRoutes({ bookkeeper, journal, pinAuthenticator, sessions, requestKey }),
    ...systemRoutes({
      ...health,
      registry: metrics.registry,
      // Of the routes themselves: what is served is what is documented.
      document: () =>
        openApiDocument(
          routes.map(({ call }) => call),
          parts.version,
        ),
    }),
  ];
  return {
    app: createApp({
      routes,
      guards: {
        ...{ sessions, staffSessions, terminals, sourceAddress, staffCertificateOf, security },
        staffAccess: staffAccess(parts),
        knownDevices: devices,
      },
      terminalOf,
      bankPolicy: () =>
        namedPolicy({
          ...{ policyFile: parts.logPolicy, stateDir: parts.stateDir },
          vkey: parts.logVkey ?? parts.transparencyLog.vkey(),
        }),
      metrics,
      log,
      tracer: parts.tracer,
    }),
    sweep: () =>
      Promise.all(
        [
          sessions,
          staffSessions,
          staffAuthenticator,
          pinAuthenticator,
          sourceFailures,
          payeeLimits,
          proposals,
          security,
        ].map((part) => part.sweep()),
      ),
  };
}
