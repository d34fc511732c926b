/** The live feed: events of the journal and security events as they come, as server-sent events, for ten minutes at most. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { SecurityLog } from './security-log.ts';

const pollIntervalMs = 1_000;
/** An empty comment after so long without an event, so that no proxy takes the connection for dead. */
const aliveIntervalMs = 15_000;
/** Then the feed ends: a browser connects again by itself, with the id of the last event, and its session is checked anew. */
const longestMs = 10 * 60_000;
const readLimit = 200;
/** How many events of each kind come first where the caller says nothing of where to begin. */
const shownBefore = 50;

/** How far a feed has got: the last position of the journal and the last security event that were sent. */
export type FeedPoint = { readonly position: number; readonly security: number };

type Sources = { readonly journal: Journal; readonly security: SecurityLog };

/** An event's id says how far the whole feed has got with it: whoever comes back with it misses nothing and gets nothing twice. */
const idOf = ({ position, security }: FeedPoint): string => `${String(position)}-${String(security)}`;

/** Undefined where it is no id of the feed. */
export function feedPointOf(lastEventId: string): FeedPoint | undefined {
  const [, position, security] = /^(\d{1,15})-(\d{1,15})$/.exec(lastEventId) ?? [];
  return position === undefined || security === undefined
    ? undefined
    : { position: Number(position), security: Number(security) };
}

/** Where a feed begins whose caller was not there before; `after` is a position in the journal. */
export async function feedStart({ journal, security }: Sources, after: number | undefined): Promise<FeedPoint> {
  const [first] = await security.read({ limit: shownBefore });
  return {
    position: after ?? Math.max(0, (await journal.head()) - shownBefore),
    security: first === undefined ? 0 : first.id - 1,
  };
}

/** One event after the other, from right after `start` on. `view` gives a journal event's JSON. */
export async function* feed(
  { journal, security }: Sources,
  start: FeedPoint,
  view: (event: Awaited<ReturnType<Journal['read']>>[number]) => unknown,
): AsyncGenerator<string> {
  let point = start;
  const endAt = performance.now() + longestMs;
  let saidAt = performance.now();
  while (performance.now() < endAt) {
    const securityEvents = await security.read({ after: point.security, limit: readLimit });
    for (const event of securityEvents) {
      point = { ...point, security: event.id };
      yield message('security', event, idOf(point));
    }
    const events = await journal.read({ from: point.position + 1, limit: readLimit });
    for (const event of events) {
      point = { ...point, position: event.position };
      yield message('journal', view(event), idOf(point));
    }
    if (events.length + securityEvents.length > 0) saidAt = performance.now();
    else if (performance.now() - saidAt > aliveIntervalMs) {
      yield ':\n\n';
      saidAt = performance.now();
    }
    if (events.length < readLimit && securityEvents.length < readLimit) await sleep(pollIntervalMs);
  }
}

/** `data` is JSON without a line break. */
export const message = (event: string, data: unknown, id?: string): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${JSON.stringify(data)}\n\n`;
