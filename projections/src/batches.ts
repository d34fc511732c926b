/** From the journal to rows ready to write: events collected in batches, projected, and always one batch ahead. */
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import { UnreadableEvent } from '../../ledger/src/domain/unreadable-event.ts';
import type { FollowStep, JournalEvent } from '../../ledger/src/journal/journal.ts';
import type { DecryptProfiles } from './customer-names.ts';
import { decryptNames } from './customer-names.ts';
import { project } from './project.ts';
import type { Span, Tracer } from '../../ledger/src/tracing/tracer.ts';
import type { Batch } from './statements.ts';
import { toBatch } from './statements.ts';
import { startProjection } from './traces.ts';

/** How many events one transaction takes. A judgement: more makes those who wait for the checkpoint wait longer. */
export const batchSize = 5000;

/**
 * Collects what a follower gives into batches: full ones while it is behind, what there is once it has caught up. Throws
 * `UnreadableEvent`, once everything before that event was taken.
 */
export async function* collectBatch(steps: AsyncIterable<FollowStep>): AsyncGenerator<readonly Recorded[]> {
  let batch: Recorded[] = [];
  for await (const step of steps) {
    const { events, unreadable } = decodeAll('events' in step ? step.events : []);
    const caughtUp = 'caughtUpAt' in step;
    if (batch.length > 0 && (caughtUp || batch.length + events.length > batchSize)) {
      yield batch;
      batch = [];
    }
    batch.push(...events);
    if (unreadable !== undefined) {
      // What comes before it is written first.
      if (batch.length > 0) yield batch;
      throw unreadable;
    }
  }
}

type Decoded = { readonly events: readonly Recorded[]; readonly unreadable?: UnreadableEvent };

/** All of them, or those before the first that cannot be read. */
function decodeAll(stored: readonly JournalEvent[]): Decoded {
  const events: Recorded[] = [];
  for (const one of stored) {
    try {
      events.push(decode(one));
    } catch (error) {
      if (!(error instanceof UnreadableEvent)) throw error;
      return { events, unreadable: error };
    }
  }
  return { events };
}

/** A batch, and what is to end when it is written. */
type TracedBatch = Batch & { readonly span: Pick<Span, 'end'> | undefined };

/** Projects each batch to rows while the one before is being written. */
export async function* prefetch(
  batches: AsyncIterable<readonly Recorded[]>,
  decryptProfiles: DecryptProfiles,
  tracer?: Tracer,
): AsyncGenerator<TracedBatch> {
  const rows = projectAll(batches, decryptProfiles, tracer);
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
  decryptProfiles: DecryptProfiles,
  tracer: Tracer | undefined,
): AsyncGenerator<TracedBatch, undefined> {
  for await (const events of batches) {
    const span = startProjection(tracer, events);
    const rows = project(events);
    const batch = toBatch({ ...rows, customers: await decryptNames(rows.customers, decryptProfiles) });
    yield { ...batch, span };
  }
}
