/** How many postings an account had at an instant. */
import type pg from 'pg';
import type { AccountId } from '../../../ledger/src/domain/events.ts';
import { binarySearch } from './binary-search.ts';

/** Times rise with versions, but for the little by which the clocks of several servers differ. */
const sql = `
  ${binarySearch('e.recorded_at > to_timestamp($2::float8 / 1000)')}
  select low as version from search where high - low = 1`;

export async function versionAt(pool: pg.Pool, account: AccountId, instantMs: number): Promise<number> {
  const { rows } = await pool.query<{ version: string }>({
    name: 'read_version_at',
    text: sql,
    values: [account, instantMs],
  });
  return Number(rows[0]?.version ?? 0);
}
