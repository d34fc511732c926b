/** Whether the server can do its work: the database answers, the journal can be reached, and the read model keeps up with the journal. */
import type pg from 'pg';
import type { z } from 'zod';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import { progress } from '../../projections/src/queries/progress.ts';
import type { Certificates } from './certificates.ts';
import type { readiness } from './http/contract/system.ts';
import type { ProjectorWatch } from './projector-watch.ts';

export type Readiness = z.output<typeof readiness>;

const answerWithinMs = 2_000;
const mostLagSeconds = 10;

type Parts = {
  readonly pool: pg.Pool;
  readonly bookkeeper: Bookkeeper;
  readonly projector: ProjectorWatch;
  readonly certificates: Certificates;
};

export async function readinessOf({ pool, bookkeeper, projector, certificates }: Parts): Promise<Readiness> {
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
    warnings: [...certificates.warnings(Date.now())],
    head: bookkeeper.head,
    ...(found !== undefined && { readModel: found.position }),
  };
}
