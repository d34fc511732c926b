/** The journal in memory: the port's reference behaviour, for tests and simulations. */
import type { StoredEvent } from '../domain/codec.ts';
import type { AppendResult, FollowStep, Journal, JournalEvent } from './journal.ts';

export function memoryJournal(): Journal {
  const events: JournalEvent[] = [];
  let wake = Promise.withResolvers<undefined>();

  return {
    largestAppendBytes: 4_000_000,
    head: () => Promise.resolve(events.length),

    append(added: readonly StoredEvent[], { after }): Promise<AppendResult> {
      if (after !== events.length) return Promise.resolve({ appended: false, head: events.length });
      for (const event of added) events.push({ ...event, position: events.length + 1 });
      wake.resolve(undefined);
      wake = Promise.withResolvers();
      return Promise.resolve({ appended: true, head: events.length });
    },

    read({ from, limit, direction = 'forward' }) {
      if (direction === 'forward') {
        const start = Math.max(from, 1) - 1;
        return Promise.resolve(events.slice(start, start + limit));
      }
      const end = Math.min(from, events.length);
      return Promise.resolve(events.slice(Math.max(end - limit, 0), Math.max(end, 0)).reverse());
    },

    readAt: (positions) =>
      Promise.resolve(
        positions.map((position) => events[position - 1]).filter((event): event is JournalEvent => event !== undefined),
      ),

    async *follow({ after, signal }): AsyncGenerator<FollowStep> {
      const aborted = new Promise<undefined>((resolve) => {
        signal.addEventListener('abort', () => {
          resolve(undefined);
        });
      });
      let position = after;
      while (!signal.aborted) {
        const next = events.slice(position, position + 1000);
        if (next.length > 0) {
          position += next.length;
          yield { events: next };
          continue;
        }
        const woken = wake.promise;
        yield { caughtUpAt: position };
        if (events.length === position) await Promise.race([woken, aborted]);
      }
    },

    close: () => Promise.resolve(),
  };
}
