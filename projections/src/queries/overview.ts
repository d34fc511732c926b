/** The whole bank at a glance: accounts by status, and what went in and out on each day it counts for. */
import type pg from 'pg';
import type { BankOverview } from '../read-model.ts';

type Counts = { open: string; frozen: string; closed: string; locked: string };
type Day = { day: string; deposits: string; outflow: string; transfers: string; operations: string };

export async function overview(pool: pg.Pool): Promise<BankOverview> {
  const [counts, days] = await Promise.all([
    pool.query<Counts>({
      name: 'read_overview_counts',
      text: `select count(*) filter (where status = 'open') as open, count(*) filter (where status = 'frozen') as frozen,
                    count(*) filter (where status = 'closed') as closed,
                    count(*) filter (where locked_until > now()) as locked
             from read.accounts where number is not null`,
    }),
    pool.query<Day>({
      name: 'read_overview_days',
      // Customers' side only: each deposit has another side in the bank's cash. A reversal with two customers' sides
      // is of a transfer: no money came in or went out.
      text: `with reversed_transfers as (
               select position from read.entries where type = 'reversal' and account ~ '^[1-9]'
               group by position having count(*) > 1
             ), customer_entries as (
               select value_date, amount, counterparty is not null or r.position is not null as is_between
               from read.entries e left join reversed_transfers r on e.type = 'reversal' and r.position = e.position
               where account ~ '^[1-9]'
             )
             select value_date::text as day,
                    coalesce(sum(amount) filter (where amount > 0 and not is_between), 0) as deposits,
                    coalesce(-sum(amount) filter (where amount < 0 and not is_between), 0) as outflow,
                    coalesce(sum(amount) filter (where amount > 0 and is_between), 0) as transfers,
                    count(*) as operations
             from customer_entries group by value_date order by value_date`,
    }),
  ]);
  const [row] = counts.rows;
  return {
    accounts: {
      open: Number(row?.open),
      frozen: Number(row?.frozen),
      closed: Number(row?.closed),
      locked: Number(row?.locked),
    },
    days: days.rows.map(({ day, deposits, outflow, transfers, operations }) => ({
      day,
      deposits: BigInt(deposits),
      outflow: BigInt(outflow),
      transfers: BigInt(transfers),
      operations: Number(operations),
    })),
  };
}
