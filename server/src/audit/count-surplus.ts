/** Counts the rows a table has beyond those that the journal's events lead to. */
import type pg from 'pg';
import type { Differ, Difference } from './difference.ts';

type Counted = {
  readonly table: Extract<Difference['table'], 'account_events' | 'idempotency_keys'>;
  /** How many rows there are to be, each of an event up to `position`. */
  readonly expected: number;
  /** So many events cannot be read: they may have rows, too. */
  readonly unreadable: number;
  readonly position: number;
};

/** Of rows up to the position that was compared, or past the read model's own: what lies between was recorded since. */
export async function countSurplus(
  reader: Pick<pg.Pool, 'query'>,
  { table, expected, unreadable, position }: Counted,
  differ: Differ,
): Promise<void> {
  const { rows } = await reader.query<{ count: string }>(
    `select count(*) from read.${table} where position <= $1 or position > (select position from read.checkpoint)`,
    [position],
  );
  const found = Number(rows[0]?.count);
  if (found <= expected + unreadable) return;
  differ({ table, key: 'all', journal: `${String(expected)} rows`, readModel: `${String(found)} rows` });
}
