/** Security events in PostgreSQL: written without anybody waiting, deleted after their retention period. */
import type pg from 'pg';
import { advisoryLocks } from '../../../ledger/src/postgres-names.ts';
import type { SecurityEvent, SecurityLog } from './security-log.ts';

type Row = Pick<SecurityEvent, 'kind' | 'subject' | 'terminal'> & { id: string; at: Date; address: string | null };

export function postgresSecurityLog({
  pool,
  readers,
  keepDays,
  onTrouble,
}: {
  readonly pool: pg.Pool;
  /** What is read is read through these: feeds keep nothing from being recorded. */
  readonly readers: pg.Pool;
  readonly keepDays: number;
  readonly onTrouble: (error: unknown) => void;
}): SecurityLog {
  return {
    record({ kind, subject, terminal, address }) {
      pool
        .query({
          name: 'security_event_record',
          // The lock comes before the id: see `settled`.
          text: `with writing as materialized (select pg_advisory_xact_lock_shared($5))
                 insert into audit.security_events (kind, subject, terminal, address) select $1, $2, $3, $4 from writing`,
          values: [kind, subject, terminal, address, advisoryLocks.securityEvents],
        })
        .catch(onTrouble);
    },
    async sweep() {
      await pool.query('select audit.sweep_security_events($1)', [keepDays]);
    },
    async read({ after, limit }) {
      const query =
        after === undefined
          ? {
              text: 'select * from (select * from audit.security_events order by id desc limit $1) last order by id',
              values: [limit],
            }
          : { text: 'select * from audit.security_events where id > $1 order by id limit $2', values: [after, limit] };
      const { rows } = await readers.query<Row>(query);
      const isWhole = rows.every(({ id }, index) => Number(id) === (after ?? Number(rows[0]?.id) - 1) + 1 + index);
      const found = isWhole ? rows : await settled(readers, query);
      return found.map(({ id, at, address, ...row }) => ({
        ...{ id: Number(id), at: at.toISOString(), ...row },
        ...(address !== null && { address }),
      }));
    },
  };
}

/**
 * The same rows once nobody writes any more who had taken an id before: an event that is committed after one with a
 * higher id is not passed over. An id that is missing even then was taken back, or its event was swept.
 */
async function settled(pool: pg.Pool, query: pg.QueryConfig): Promise<readonly Row[]> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [advisoryLocks.securityEvents]);
    const { rows } = await client.query<Row>(query);
    await client.query('commit');
    client.release();
    return rows;
  } catch (error) {
    client.release(true);
    throw error;
  }
}
