/** The whole bank at a glance: accounts by status, and what went in and out on each day it counts for, from totals that the projector keeps. */
import type pg from 'pg';
import type { BankOverview } from '../read-model.ts';

type Counts = { open: string; frozen: string; closed: string; locked: string };
type Day = { day: string; deposits: string; outflow: string; transfers: string; operations: string };

export async function overview(pool: pg.Pool): Promise<BankOverview> {
  const [counts, days] = await Promise.all([
    pool.query<Counts>({
      name: 'read_overview_counts',
      text: `select coalesce(sum(accounts) filter (where status = 'open'), 0) as open,
                    coalesce(sum(accounts) filter (where status = 'frozen'), 0) as frozen,
                    coalesce(sum(accounts) filter (where status = 'closed'), 0) as closed,
                    (select count(*) from read.accounts where locked_until > now()) as locked
             from read.status_totals`,
    }),
    pool.query<Day>({
      name: 'read_overview_days',
      text: 'select day::text, deposits, outflow, transfers, operations from read.daily_totals order by day',
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
