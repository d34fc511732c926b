/** How many postings an account had at a moment, found by halving: some twenty look-ups for a million entries. */
import type pg from 'pg';
import type { AccountId } from '../../../ledger/src/domain/events.ts';

/** Times rise with versions, but for the little by which the clocks of several servers differ. */
const sql = `
  with recursive search (low, high) as (
    select 0::bigint, version + 1 from read.balances where account = $1
    union all
    select case when e.recorded_at > to_timestamp($2::float8 / 1000) then low else e.version end,
           case when e.recorded_at > to_timestamp($2::float8 / 1000) then e.version else high end
    from search join read.entries e on e.account = $1 and e.version = (low + high) / 2
    where high - low > 1
  )
  select low as version from search where high - low = 1`;

export async function versionAt(pool: pg.Pool, account: AccountId, moment: string): Promise<number> {
  const { rows } = await pool.query<{ version: string }>({
    name: 'read_version_at',
    text: sql,
    values: [account, Date.parse(moment)],
  });
  return Number(rows[0]?.version ?? 0);
}
