/** The live feed: every event of the journal and of the doors as it comes, as server-sent events, for as long as somebody listens. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { SecurityLog } from './security-log.ts';

const lookEveryMs = 1_000;
/** A line that says nothing, so that nobody between takes the connection for dead. */
const aliveEveryMs = 15_000;
/** Then the browser comes back by itself, and shows its session anew. */
const longestMs = 10 * 60_000;
const most = 200;

/**
 * One event after the other, from above `after` on. `view` gives an event's JSON. A journal event's id is its position,
 * with which a browser goes on after an interruption (WHATWG HTML, 9.2 Server-sent events).
 */
export async function* feed(
  { journal, security }: { readonly journal: Journal; readonly security: SecurityLog },
  after: number,
  view: (event: Awaited<ReturnType<Journal['read']>>[number]) => unknown,
): AsyncGenerator<string> {
  let position = after;
  const known = await security.read({ limit: 50 });
  for (const event of known) yield message('security', event);
  let lastSecurity = known.at(-1)?.id ?? 0;
  const endAt = performance.now() + longestMs;
  let saidAt = performance.now();
  while (performance.now() < endAt) {
    const events = await journal.read({ from: position + 1, limit: most });
    for (const event of events) yield message('journal', view(event), event.position);
    position = events.at(-1)?.position ?? position;
    const atDoors = await security.read({ after: lastSecurity, limit: most });
    for (const event of atDoors) yield message('security', event);
    lastSecurity = atDoors.at(-1)?.id ?? lastSecurity;
    if (events.length + atDoors.length > 0) saidAt = performance.now();
    else if (performance.now() - saidAt > aliveEveryMs) {
      yield ':\n\n';
      saidAt = performance.now();
    }
    if (events.length < most) await sleep(lookEveryMs);
  }
}

/** `data` is JSON without a line break. */
export const message = (event: string, data: unknown, id?: number): string =>
  `event: ${event}\n${id === undefined ? '' : `id: ${String(id)}\n`}data: ${JSON.stringify(data)}\n\n`;
