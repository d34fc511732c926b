/** The trial balance: what every kind of account adds up to, and that together they are nothing. */
import type pg from 'pg';
import type { TrialBalance } from '../read-model.ts';

type Row = { position: string; kind: string | null; accounts: string; balance: string | null };

/** One statement, so that the figures and their position come from one snapshot. */
export async function trialBalance(pool: pg.Pool): Promise<TrialBalance> {
  const { rows } = await pool.query<Row>({
    name: 'read_trial_balance',
    text: `select c.position, k.kind, k.accounts, k.balance
           from read.checkpoint c left join read.kind_totals k on true
           order by k.kind`,
  });
  const accounts = rows.flatMap(({ kind, accounts: count, balance }) =>
    kind === null || balance === null ? [] : [{ kind, accounts: Number(count), balance: BigInt(balance) }],
  );
  return {
    position: Number(rows[0]?.position),
    accounts,
    total: accounts.reduce((sum, { balance }) => sum + balance, 0n),
  };
}
