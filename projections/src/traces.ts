/** What the projector leaves in traces: one span for each command of a batch, from its events' arrival to their commit. */
import type { Recorded } from '../../ledger/src/domain/events.ts';
import type { Span, Tracer } from '../../ledger/src/tracing/tracer.ts';

/** What is caught up with later is no part of a trace that anybody still looks at: a judgement. */
const oldAfterMs = 300_000;

/** In the traces of the commands, those that are recorded; undefined where there is none. */
export function startProjection(
  tracer: Tracer | undefined,
  events: readonly Recorded[],
): Pick<Span, 'end'> | undefined {
  if (tracer === undefined) return undefined;
  const since = new Date(Date.now() - oldAfterMs).toISOString();
  const recent = events.filter(({ metadata }) => metadata.recordedAt >= since);
  const ids = new Set(recent.map(({ metadata }) => metadata.correlationId));
  const [first, ...others] = [...ids].flatMap((id) => tracer.root(id) ?? []);
  if (first === undefined) return undefined;
  return tracer.startShared([first, ...others], 'project', {
    'grand_livre.batch.events': events.length,
    'grand_livre.batch.last_position': events.at(-1)?.position ?? 0,
  });
}
