/** The journal positions of an account's events: its entries' positions and its other events', in one order. */
import type pg from 'pg';
import type { AccountId } from '../../../ledger/src/domain/events.ts';
import { binarySearch } from './binary-search.ts';

/** Versions rise with positions: the first entry above a position is found by binary search. */
const sql = `
  ${binarySearch('e.position > $2')}
  (select position from read.entries
   where account = $1 and version >= (select high from search where high - low = 1)
   order by version limit $3)
  union all
  (select position from read.account_events where account = $1 and position > $2 order by position limit $3)
  order by position limit $3`;

/** Upwards, from above `after` on. */
export async function eventPositions(
  pool: pg.Pool,
  account: AccountId,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly number[]> {
  const { rows } = await pool.query<{ position: string }>({
    name: 'read_event_positions',
    text: sql,
    values: [account, after, limit],
  });
  return rows.map(({ position }) => Number(position));
}

/** Freezes, locks and the like, up to a position. */
export async function eventPositionsWithoutPosting(
  pool: pg.Pool,
  account: AccountId,
  upTo: number,
): Promise<readonly number[]> {
  const { rows } = await pool.query<{ position: string }>({
    name: 'read_positions_without_posting',
    text: 'select position from read.account_events where account = $1 and position <= $2 order by position',
    values: [account, upTo],
  });
  return rows.map(({ position }) => Number(position));
}
