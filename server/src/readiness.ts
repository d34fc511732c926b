/** Whether the server can do its work: the database answers, the journal can be reached, and the read model follows it closely. */
import type pg from 'pg';
import type { z } from 'zod/mini';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import { progress } from '../../projections/src/queries/progress.ts';
import type { BankClock } from './bank-clock.ts';
import type { Certificates } from './certificates.ts';
import type { readiness } from '../../api/src/calls/system.ts';
import type { Guards } from './http/pipeline.ts';
import type { ProjectorWatch } from './projector-watch.ts';

export type Readiness = z.output<typeof readiness>;

/** Less than the 5 s HAProxy waits for a check (`timeout check` in `operations/src/compose/haproxy.cfg`). */
const answerWithinMs = 2_000;
/** Chosen, not measured. */
const mostLagSeconds = 10;

type Parts = {
  readonly pool: pg.Pool;
  readonly bookkeeper: Bookkeeper;
  readonly clock: BankClock;
  readonly projector: ProjectorWatch;
  readonly certificates: Pick<Certificates, 'warnings'>;
} & Pick<Guards, 'terminals'>;

const demoTerminals: Readiness['warnings'][number] = {
  code: 'demo_terminals',
  detail: 'TERMINALS=demo: anybody who reaches this port can deposit and withdraw cash that nobody counted.',
};

const keysMissing: Readiness['warnings'][number] = {
  code: 'keys_missing',
  detail: 'The read model lacks keys of earlier commands: run `npm run rebuild`.',
};

export async function readinessOf({
  pool,
  bookkeeper,
  clock,
  projector,
  certificates,
  terminals,
}: Parts): Promise<Readiness> {
  const reasons: string[] = [];
  const late = new Promise<undefined>((resolve) => {
    setTimeout(resolve, answerWithinMs, undefined).unref();
  });
  const found = await Promise.race([progress(pool).catch(() => undefined), late]);
  if (found === undefined) reasons.push('The database does not answer.');
  if (found?.halted !== undefined) {
    reasons.push('The projector has stopped: the journal does not fit the read model. Its log says where.');
  }
  if (bookkeeper.isCutOff) reasons.push('The journal cannot be reached.');
  const lagSeconds = projector.lagSeconds(performance.now());
  if (lagSeconds > mostLagSeconds) {
    reasons.push(
      `The read model is ${String(Math.round(lagSeconds))} seconds behind the journal. Does the projector run?`,
    );
  }
  return {
    status: reasons.length === 0 ? 'ready' : 'not_ready',
    reasons,
    warnings: [
      ...(terminals === 'demo' ? [demoTerminals] : []),
      ...certificates.warnings(Date.now()),
      ...clock.warnings(bookkeeper.lastRecordedAt).map((detail) => ({ code: 'clock' as const, detail })),
      ...(bookkeeper.lacksKeys ? [keysMissing] : []),
    ],
    head: bookkeeper.head,
    ...(found !== undefined && { readModel: found.position }),
  };
}
