/** The journal in PostgreSQL: one table, its primary key the position, so that gaps, doubles and late commits cannot exist. */
import type pg from 'pg';
import type { StoredEvent } from '../domain/codec.ts';
import type { GivenUp } from './given-up.ts';
import type { AppendResult, FollowStep, Journal, JournalEvent } from './journal.ts';
import { ask } from './postgres-ask.ts';
import { postgresKeyIndex } from './postgres-key-index.ts';
import { listen } from './postgres-listen.ts';

/**
 * One statement a batch, on one snapshot: nothing is written unless the head is still `after`. Whoever else writes the
 * same position meets the primary key. JSON has no raw line feed, so a batch travels as lines, which PostgreSQL takes
 * apart faster than it reads an array.
 */
const appendSql = `
  insert into journal.events (position, id, type, data, metadata)
  select $1::bigint + n, id::uuid, type, data, metadata
  from rows from (
    string_to_table($2, e'\\n'), string_to_table($3, e'\\n'), string_to_table($4, e'\\n'), string_to_table($5, e'\\n')
  ) with ordinality as event (id, type, data, metadata, n)
  where (select coalesce(max(position), 0) from journal.events) = $1::bigint`;

const columns = 'position, id, type, data, metadata';
const uniqueViolation = '23505';
/** A follower reads by itself this often, should a notification have been lost. */
const pollMs = 1000;
const followBatch = 1000;
/** Far below what a statement may hold: a batch should not make others wait for long. A judgement. */
const largestAppendBytes = 4_000_000;

/** The journal's own keys, and its head. */
const lookUpSql = `
  select (select coalesce(max(position), 0) from journal.events) as checkpoint, found.n, found.position
  from (values (1)) as always left join (
    select asked.n, min(e.position) as position
    from unnest($1::uuid[]) with ordinality as asked (key, n) join journal.events e on e.command_key = asked.key
    group by asked.n
  ) found on true`;

type Row = { position: string; id: string; type: string; data: string; metadata: string };

/** `pool` is the caller's to end. Its role needs SELECT on the table, and INSERT to append. */
export function postgresJournal({ pool }: { readonly pool: pg.Pool }): Journal {
  async function head({ signal }: GivenUp = {}): Promise<number> {
    const text = 'select coalesce(max(position), 0) as head from journal.events';
    const { rows } = await ask<{ head: string }>(pool, { name: 'journal_head', text }, signal);
    return Number(rows[0]?.head);
  }

  async function read(range: Parameters<Journal['read']>[0]): Promise<readonly JournalEvent[]> {
    const { from, limit, direction = 'forward', signal } = range;
    const forward = direction === 'forward';
    const query = {
      name: `journal_read_${direction}`,
      text: `select ${columns} from journal.events where position ${forward ? '>=' : '<='} $1
             order by position ${forward ? 'asc' : 'desc'} limit $2`,
      values: [from, limit],
    };
    return (await ask<Row>(pool, query, signal)).rows.map(toEvent);
  }

  const keys = postgresKeyIndex({ pool, name: 'journal_look_up_keys', text: lookUpSql });

  return {
    largestAppendBytes,
    keys,
    head,

    async append(events: readonly StoredEvent[], { after, signal }): Promise<AppendResult> {
      if (events.length === 0) throw new Error('an append needs at least one event');
      try {
        const fields = (['id', 'type', 'data', 'metadata'] as const).map((field) => lines(events, field));
        const query = { name: 'journal_append', text: appendSql, values: [after, ...fields] };
        const { rowCount } = await ask(pool, query, signal);
        if (rowCount === events.length) return { appended: true, head: after + events.length };
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === uniqueViolation)) throw error;
      }
      return { appended: false, head: await head({ signal }) };
    },

    read,

    async readAt(positions, { signal } = {}) {
      if (positions.length === 0) return [];
      const query = {
        name: 'journal_read_at',
        text: `select ${columns} from journal.events where position = any ($1::bigint[]) order by position`,
        values: [positions],
      };
      const { rows } = await ask<Row>(pool, query, signal);
      const byPosition = new Map(rows.map((row) => [Number(row.position), toEvent(row)]));
      return positions.map((position) => byPosition.get(position)).filter((event) => event !== undefined);
    },

    async *follow({ after, signal }): AsyncGenerator<FollowStep> {
      const notifications = await listen(pool, 'journal');
      const stop = (): void => {
        notifications.wake();
      };
      signal.addEventListener('abort', stop);
      try {
        let position = after;
        // A follower that ends may leave a read behind; its failure is then nobody's.
        const startReading = (): Promise<readonly JournalEvent[]> => {
          const reading = read({ from: position + 1, limit: followBatch });
          reading.catch(() => undefined);
          return reading;
        };
        let next = startReading();
        while (!signal.aborted) {
          const events = await next;
          const last = events.at(-1);
          if (last !== undefined) {
            position = last.position;
            // The next read is under way while the follower works on this one.
            next = startReading();
            yield { events };
            continue;
          }
          yield { caughtUpAt: position };
          await notifications.wait(pollMs);
          next = startReading();
        }
      } finally {
        signal.removeEventListener('abort', stop);
        await notifications.close();
      }
    },

    close: () => Promise.resolve(),
  };
}

const lines = (events: readonly StoredEvent[], field: keyof StoredEvent): string =>
  events.map((event) => event[field]).join('\n');

const toEvent = (row: Row): JournalEvent => ({
  position: Number(row.position),
  id: row.id,
  type: row.type,
  data: row.data,
  metadata: row.metadata,
});
