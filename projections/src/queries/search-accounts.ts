/** The auditors' search: customers' accounts by number, holder or type, in the order of their numbers. */
import type pg from 'pg';
import type { AccountStatus } from '../../../ledger/src/domain/account.ts';
import type { AccountId, AccountType } from '../../../ledger/src/domain/events.ts';
import { accountTypes } from '../../../ledger/src/domain/events.ts';
import { foldName } from '../fold-name.ts';
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

/** Each way to match takes its own road to at most a page of numbers, so that no rare match walks through all accounts. */
const matching = `
  (select number from read.accounts where account = $3 and number > $1)
  union
  (select number from read.accounts where account_type = $4 and number > $1 order by number limit $2)
  union
  (select number from read.accounts join read.customers using (customer)
   where search like all ($5::text[]) and number > $1 order by number limit $2)`;

/** Every word of the query is looked for in the holder's names. */
export async function searchAccounts(
  pool: pg.Pool,
  { query, status, type: ofType, after = '0', limit }: Search,
): Promise<readonly AccountOverview[]> {
  if (query === undefined) {
    const wanted = '($3::text is null or a.status = $3) and ($4::text is null or a.account_type = $4)';
    return list(pool, `where a.number > $1 and ${wanted} order by a.number limit $2`, [
      ...[after, limit, status ?? null, ofType ?? null],
    ]);
  }
  const folded = foldName(query);
  if (folded === '') return [];
  const type = accountTypes.find((name) => name === folded.replaceAll(' ', '_')) ?? null;
  // A filter beside words looks only at the page the words give: narrow words first.
  const also = '($6::text is null or a.status = $6) and ($7::text is null or a.account_type = $7)';
  const words = folded.split(' ').map((word) => `%${word}%`);
  return list(pool, `where a.number in (${matching}) and ${also} order by a.number limit $2`, [
    ...[after, limit, folded, type, words, status ?? null, ofType ?? null],
  ]);
}

/** Without a name for the statement: what is quickest depends on how rare the words are, so each is planned afresh. */
async function list(pool: pg.Pool, where: string, values: readonly unknown[]): Promise<readonly AccountOverview[]> {
  const { rows } = await pool.query<AccountColumns>(`select ${accountColumns} from ${accountTables} ${where}`, [
    ...values,
  ]);
  return rows.map(toOverview);
}
