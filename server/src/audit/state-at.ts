/** An account's state at any version or moment, folded from the journal itself, whatever the read model says. */
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../projections/src/read-model.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';
import type { ThreadPool } from '../threads/thread-pool.ts';
import type { Fold, Wanted } from './fold-account.ts';

type Sources = {
  readonly readModel: Pick<ReadModel, 'eventPositions'>;
  readonly journal: Pick<Journal, 'readAt'>;
  readonly threads: Pick<ThreadPool, 'run'>;
};

const batchSize = 1_000;
/** Below the 90 s after which the listener ends a silent connection, and what the console waits (`admin-ui/src/bank/calls.ts`). */
const foldWithinMs = 80_000;

/** In bounded memory. Ends when `signal` says that nobody waits any more: rejects with its reason. */
export async function stateAt(
  { readModel, journal, threads }: Sources,
  account: string,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Pick<Fold, 'state' | 'asOf' | 'balanceByValueDate'> | ApiRejection> {
  const endAt = performance.now() + foldWithinMs;
  let fold: Fold = wanted.moment === undefined ? {} : { balanceByValueDate: 0n };
  for (let after = 0; fold.isOver !== true;) {
    signal.throwIfAborted();
    if (performance.now() > endAt) return { code: 'history_too_long', account };
    const positions = await readModel.eventPositions(account, { after, limit: batchSize });
    const events = await journal.readAt(positions);
    const next = await threads.run('fold', { before: fold, account, events, wanted }, signal);
    if (next === undefined) return { code: 'overloaded', retryAfterSeconds: 5 };
    fold = next;
    const last = positions.at(-1);
    if (last === undefined || positions.length < batchSize) break;
    after = last;
  }
  return fold.brokenAt === undefined ? fold : { code: 'history_broken', where: fold.brokenAt };
}
