/** An account's balance over its whole history, in at most so many points, however many entries there are. */
import type pg from 'pg';
import type { AccountId } from '../../../ledger/src/domain/events.ts';
import type { BalancePoint } from '../read-model.ts';

type Row = { version: string; recorded_at: Date; value_date: string; balance: string; low: string; high: string };

/** Of each window of versions its last entry, and the lowest and highest balance in it. */
export async function balanceHistory(
  pool: pg.Pool,
  account: AccountId,
  points: number,
): Promise<readonly BalancePoint[]> {
  const { rows } = await pool.query<Row>({
    name: 'read_balance_history',
    text: `select max(version) as version, max(recorded_at) as recorded_at,
                  (array_agg(value_date order by version desc))[1]::text as value_date,
                  (array_agg(balance order by version desc))[1] as balance, min(balance) as low, max(balance) as high
           from read.entries, (select version as last from read.balances where account = $1) b
           where account = $1 group by (version - 1) * $2::bigint / greatest(b.last, $2::bigint) order by 1`,
    values: [account, points],
  });
  return rows.map((row) => ({
    version: Number(row.version),
    recordedAt: row.recorded_at.toISOString(),
    valueDate: row.value_date,
    balance: BigInt(row.balance),
    low: BigInt(row.low),
    high: BigInt(row.high),
  }));
}
