/** One account as the bank knows it, and the columns every list of accounts shares. */
import type pg from 'pg';
import type { AccountStatus } from '../../../ledger/src/domain/account.ts';
import type { AccountId, AccountType } from '../../../ledger/src/domain/events.ts';
import type { Currency } from '../../../ledger/src/domain/money.ts';
import type { AccountOverview } from '../read-model.ts';

export type AccountColumns = {
  account: AccountId;
  number: string | null;
  currency: Currency;
  balance: string;
  version: string;
  status: AccountStatus;
  floor: string;
  customer: string | null;
  account_type: AccountType | null;
  first_name: string | null;
  last_name: string | null;
  locked_until: Date | null;
  opened_at: Date | null;
};

export const accountColumns = `a.account, a.number, a.currency, b.balance, b.version, a.status, a.floor, a.customer,
  a.account_type, a.locked_until, a.opened_at, c.first_name, c.last_name`;

export const accountTables =
  'read.accounts a join read.balances b using (account) left join read.customers c using (customer)';

export async function account(pool: pg.Pool, number: AccountId): Promise<AccountOverview | undefined> {
  const { rows } = await pool.query<AccountColumns>({
    name: 'read_account',
    text: `select ${accountColumns} from ${accountTables} where a.account = $1`,
    values: [number],
  });
  return rows[0] && toOverview(rows[0]);
}

export const toOverview = (row: AccountColumns): AccountOverview => ({
  account: row.account,
  kind: row.number === null ? 'internal' : 'customer',
  currency: row.currency,
  balance: BigInt(row.balance),
  version: Number(row.version),
  status: row.status,
  floor: BigInt(row.floor),
  ...(row.customer !== null && { customer: row.customer }),
  ...(row.account_type !== null && { accountType: row.account_type }),
  ...(row.first_name !== null &&
    row.last_name !== null && { holder: { firstName: row.first_name, lastName: row.last_name } }),
  ...(row.locked_until !== null && { lockedUntil: row.locked_until.toISOString() }),
  ...(row.opened_at !== null && { openedAt: row.opened_at.toISOString() }),
});
