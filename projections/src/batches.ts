/** From the journal to rows ready to write: events collected in batches, projected, and always one batch ahead. */
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import type { FollowStep } from '../../ledger/src/journal/journal.ts';
import type { DecryptProfile } from './customer-names.ts';
import { decryptNames } from './customer-names.ts';
import { project } from './project.ts';
import type { Batch } from './statements.ts';
import { toBatch } from './statements.ts';

/** How many events one transaction takes. A judgement: more makes those who wait for the checkpoint wait longer. */
export const batchSize = 5000;

/** Collects what a follower gives into batches: full ones while it is behind, what there is once it has caught up. */
export async function* collectBatch(steps: AsyncIterable<FollowStep>): AsyncGenerator<readonly Recorded[]> {
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

/** Projects each batch to rows while the one before is being written. */
export async function* prefetch(
  batches: AsyncIterable<readonly Recorded[]>,
  decryptProfile: DecryptProfile,
): AsyncGenerator<Batch> {
  const rows = projectAll(batches, decryptProfile);
  let next = rows.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done === true) return;
      next = rows.next();
      // An error waits until its batch is due.
      next.catch(() => undefined);
      yield value;
    }
  } finally {
    await rows.return(undefined);
  }
}

async function* projectAll(
  batches: AsyncIterable<readonly Recorded[]>,
  decryptProfile: DecryptProfile,
): AsyncGenerator<Batch, undefined> {
  for await (const events of batches) {
    const rows = project(events);
    yield toBatch({ ...rows, customers: await decryptNames(rows.customers, decryptProfile) });
  }
}
