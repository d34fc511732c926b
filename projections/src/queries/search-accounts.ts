/** The auditors' search: customers' accounts by number, holder or type, in the order of their numbers. */
import type pg from 'pg';
import type { AccountStatus } from '../../../ledger/src/domain/account.ts';
import type { AccountId, AccountType } from '../../../ledger/src/domain/events.ts';
import { accountTypes } from '../../../ledger/src/domain/events.ts';
import { normaliseName } from '../normalise-name.ts';
import type { AccountOverview } from '../read-model.ts';
import type { AccountColumns } from './account.ts';
import { accountColumns, accountTables, toOverview } from './account.ts';

export type Search = {
  readonly query?: string;
  readonly status?: AccountStatus;
  readonly type?: AccountType;
  readonly after?: AccountId;
  readonly limit: number;
};

const wanted = `a.number > $1 and ($3::text is null or a.status = $3) and ($4::text is null or a.account_type = $4)`;

/**
 * Each way to match is a query of its own with at most a page of numbers, so that no rare match reads all accounts; the
 * filters stand in each, so that a page is of accounts that pass them.
 */
const matching = `
  (select a.number from read.accounts a where a.account = $5 and ${wanted})
  union
  (select a.number from read.accounts a where a.account_type = $6 and ${wanted} order by a.number limit $2)
  union
  (select a.number from read.accounts a join read.customers c using (customer)
   where c.search like all ($7::text[]) and ${wanted} order by a.number limit $2)`;

/** Every word of the query is looked for in the holder's names. */
export async function searchAccounts(
  pool: pg.Pool,
  { query, status, type: ofType, after = '0', limit }: Search,
): Promise<readonly AccountOverview[]> {
  const filters = [after, limit, status ?? null, ofType ?? null];
  if (query === undefined) return list(pool, `where ${wanted} order by a.number limit $2`, filters);
  const normalised = normaliseName(query);
  if (normalised === '') return [];
  const type = accountTypes.find((name) => name === normalised.replaceAll(' ', '_')) ?? null;
  const words = normalised.split(' ').map((word) => `%${word}%`);
  return list(pool, `where a.number in (${matching}) order by a.number limit $2`, [
    ...[...filters, normalised, type, words],
  ]);
}

/** Without a name for the statement: what is quickest depends on how rare the words are, so each is planned afresh. */
async function list(pool: pg.Pool, where: string, values: readonly unknown[]): Promise<readonly AccountOverview[]> {
  const { rows } = await pool.query<AccountColumns>(`select ${accountColumns} from ${accountTables} ${where}`, [
    ...values,
  ]);
  return rows.map(toOverview);
}
