/** Compares every account of the read model with the fold, page by page; what changed after the fold's position is held against its own last entry. */
import type pg from 'pg';
import type { AccountFold } from './account-fold.ts';
import type { Differ, Difference } from './difference.ts';

type Reader = Pick<pg.Pool, 'query'>;

const pageSize = 2_000;

type Row = {
  account: string;
  status: string;
  version: string | null;
  balance: string | null;
  last_balance: string | null;
  changed_after: boolean;
  surplus: string | null;
};

/**
 * One statement a page, which sees one moment of the read model. Of the entries, those up to the fold's version were compared
 * one by one; too many is whatever stands beyond it at a position the fold includes, or beyond the account's own version.
 */
const pageSql = `
  select a.account, a.status, b.version, b.balance, last.balance as last_balance,
         exists (select from read.account_events x where x.account = a.account and x.position > $3)
           or coalesce(b.version > wanted.version, false) as changed_after,
         (select string_agg(e.version || ' at position ' || e.position, ', ')
          from (select * from read.entries e
                where e.account = a.account and (e.version > wanted.version or e.version < 1)
                  and (e.position <= $3 or e.version < 1 or e.version > coalesce(b.version, 0))
                order by e.version limit 5) e) as surplus
  from unnest($1::text[], $2::bigint[]) as wanted (account, version)
    join read.accounts a on a.account = wanted.account collate "C"
    left join read.balances b on b.account = a.account
    left join read.entries last on last.account = a.account and last.version = b.version`;

/** Of accounts that only entries name: each found by its place in the index, however many entries the others have. */
const namedByEntriesSql = `
  with recursive named as (
    (select account, 1 as n from read.entries where account > $1 order by account limit 1)
    union all
    select (select account from read.entries e where e.account > named.account order by account limit 1), n + 1
    from named where named.account is not null and n < $2
  )
  select named.account, a.account is not null as is_known
  from named left join read.accounts a on a.account = named.account where named.account is not null
  order by named.account`;

export async function compareAccounts(
  reader: Reader,
  { fold, position, differ, signal }: { fold: AccountFold; position: number; differ: Differ; signal: AbortSignal },
): Promise<void> {
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted();
    const page: pg.QueryResult<{ account: string }> = await reader.query({
      name: 'verify_account_names',
      text: 'select account from read.accounts where account > $1 order by account limit $2',
      values: [after, pageSize],
    });
    const names = page.rows.map(({ account }) => account);
    const { rows } = await reader.query<Row>({
      name: 'verify_accounts',
      text: pageSql,
      values: [names, names.map((account) => fold.of(account)?.version ?? 0), position],
    });
    for (const row of rows) compareAccount(row, fold, differ);
    after = names.at(-1);
  }
  for (const account of fold.notCompared()) {
    differ({ what: 'balance', account, journal: String(fold.of(account)?.balance) });
  }
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted();
    const page: pg.QueryResult<{ account: string; is_known: boolean }> = await reader.query({
      name: 'verify_named_by_entries',
      text: namedByEntriesSql,
      values: [after, pageSize],
    });
    for (const { account, is_known: isKnown } of page.rows) {
      if (!isKnown) differ({ what: 'entry', account, readModel: 'entries of an account that there is not' });
    }
    after = page.rows.at(-1)?.account;
  }
}

function compareAccount(row: Row, fold: AccountFold, differ: Differ): void {
  const { account } = row;
  const known = fold.of(account);
  fold.markCompared(account);
  const compare = (what: Difference['what'], journal: string | undefined, readModel: string | null): void => {
    if (journal === (readModel ?? undefined)) return;
    differ({ what, account, ...(journal !== undefined && { journal }), ...(readModel !== null && { readModel }) });
  };
  if (row.surplus !== null) {
    differ({ what: 'entry', account, journal: `${String(known?.version ?? 0)} entries`, readModel: row.surplus });
  }
  const hasMoved = known !== undefined && row.version !== null && Number(row.version) > known.version;
  if (known === undefined || hasMoved) {
    // Opened or moved since: its balance is its last entry's, which the next verification compares with the journal.
    if (!row.changed_after) compare('balance', undefined, row.balance ?? 'an account');
    else if (row.version !== '0') compare('balance', row.last_balance ?? undefined, row.balance);
    return;
  }
  compare('balance', String(known.balance), row.balance);
  compare('version', String(known.version), row.version);
  if (!row.changed_after) compare('status', known.status, row.status);
}
