/** From the journal to rows ready to write: events gathered in batches, folded, and always one batch ahead. */
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import type { FollowStep } from '../../ledger/src/journal/journal.ts';
import type { OpenProfile } from './holders.ts';
import { openHolders } from './holders.ts';
import { project } from './project.ts';
import type { Batch } from './statements.ts';
import { toBatch } from './statements.ts';

/** How many events one transaction takes: more no longer gains speed, and makes those who wait for it wait longer. */
export const batchSize = 5000;

/** Gathers what a follower gives into batches: full ones while it is behind, what there is once it has caught up. */
export async function* gather(steps: AsyncIterable<FollowStep>): AsyncGenerator<readonly Recorded[]> {
  let batch: Recorded[] = [];
  for await (const step of steps) {
    const events = 'events' in step ? step.events.map(decode) : [];
    const caughtUp = 'caughtUpAt' in step;
    if (batch.length > 0 && (caughtUp || batch.length + events.length > batchSize)) {
      yield batch;
      batch = [];
    }
    batch.push(...events);
  }
}

/** Folds batches to rows, while the batch before is being written. */
export async function* ready(
  batches: AsyncIterable<readonly Recorded[]>,
  openProfile: OpenProfile,
): AsyncGenerator<Batch> {
  const rows = fold(batches, openProfile);
  let next = rows.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = rows.next();
      // An error waits until it is its turn.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await rows.return(undefined);
  }
}

async function* fold(
  batches: AsyncIterable<readonly Recorded[]>,
  openProfile: OpenProfile,
): AsyncGenerator<Batch, undefined> {
  for await (const events of batches) {
    const rows = project(events);
    yield toBatch({ ...rows, customers: await openHolders(rows.customers, openProfile) });
  }
}
