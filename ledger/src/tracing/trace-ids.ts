/** From a correlation id to its trace: a UUID is 128 bits, as many as a trace id has. */
import type { Place } from './tracer.ts';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

/** The trace id is the UUID without its hyphens, the first span's id the second half of that; undefined for what is no UUID. */
export function rootOf(correlationId: string): Place | undefined {
  if (!uuid.test(correlationId)) return undefined;
  const traceId = correlationId.replaceAll('-', '');
  const spanId = traceId.slice(16);
  // OpenTelemetry has no id that is all zeros.
  return /[^0]/.test(spanId) ? { traceId, spanId } : undefined;
}
