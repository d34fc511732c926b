/** Compares every account of the read model with the fold, page by page; what changed after the fold's position is held against its own last entry. */
import type pg from 'pg';
import { emptyInternalAccount, isCustomerAccount } from '../../../ledger/src/domain/account.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { AccountFold } from './account-fold.ts';
import type { Differ, Row } from './difference.ts';
import { compareRow, instantSql, instantText, moneyText } from './difference.ts';

type Reader = Pick<pg.Pool, 'query'>;

const pageSize = 2_000;

/** What never changes in an account's row, from the event it came to be with: a customer's opening, the first posting of the bank's own. */
export function expectedOpenings({ event, metadata }: Recorded): readonly (readonly [string, Row])[] {
  if (isMoneyEvent(event)) {
    return event.postings
      .filter(({ account, version }) => version === 1 && !isCustomerAccount(account))
      .map(({ account }) => {
        const { currency, floor } = emptyInternalAccount(account, event.currency);
        const none = { customer: null, account_type: null, opened_at: null };
        return [account, { currency, floor: moneyText(floor), ...none }];
      });
  }
  if (event.type !== 'AccountOpened') return [];
  const { account, currency, floor, customer, accountType } = event;
  const opening = { account_type: accountType, opened_at: instantText(metadata.recordedAt) };
  return [[account, { currency, floor: moneyText(floor), customer, ...opening }]];
}

/** A row that is missing is found when all accounts are compared. */
export async function compareOpenings(
  reader: Reader,
  expected: ReadonlyMap<string, Row>,
  differ: Differ,
): Promise<void> {
  if (expected.size === 0) return;
  const { rows } = await reader.query<Record<string, string | null> & { account: string; floor: string }>({
    name: 'verify_openings',
    text: `select account, currency, floor, customer, account_type, ${instantSql('opened_at')} as opened_at
           from read.accounts where account = any ($1::text[])`,
    values: [[...expected.keys()]],
  });
  for (const row of rows) {
    const { account, floor } = row;
    const journal = expected.get(account);
    if (journal === undefined) continue;
    compareRow(differ, { table: 'accounts', key: account, account }, journal, { ...row, floor: moneyText(floor) });
  }
}

type StoredAccount = {
  account: string;
  status: string | null;
  locked_until: string | null;
  version: string | null;
  balance: string | null;
  last_balance: string | null;
  has_moved: boolean;
  events: string;
  has_later_events: boolean;
  surplus: string | null;
};

const namesSql = `
  (select account from read.accounts where account > $1 order by account limit $2)
  union (select account from read.balances where account > $1 order by account limit $2)
  order by account limit $2`;

/**
 * One statement a page, which sees one moment of the read model. Of the entries, those up to the fold's version were compared
 * one by one; too many is whatever stands beyond it at a position the fold includes, or beyond the account's own version.
 */
const pageSql = `
  select wanted.account, a.status, ${instantSql('a.locked_until')} as locked_until, b.version, b.balance,
         last.balance as last_balance, coalesce(last.position > $3, false) as has_moved,
         (select count(*) from read.account_events x
          where x.account = wanted.account collate "C" and (x.position <= $3 or x.position > here.position)) as events,
         exists (select from read.account_events x
                 where x.account = wanted.account collate "C" and x.position > $3 and x.position <= here.position) as has_later_events,
         (select string_agg(e.version || ' at position ' || e.position, ', ')
          from (select * from read.entries e
                where e.account = wanted.account collate "C" and (e.version > wanted.version or e.version < 1)
                  and (e.position <= $3 or e.version < 1 or e.version > coalesce(b.version, 0))
                order by e.version limit 5) e) as surplus
  from unnest($1::text[], $2::bigint[]) as wanted (account, version)
    cross join read.checkpoint here
    left join read.accounts a on a.account = wanted.account collate "C"
    left join read.balances b on b.account = wanted.account collate "C"
    left join read.entries last on last.account = wanted.account collate "C" and last.version = b.version`;

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
      ...{ name: 'verify_account_names', text: namesSql, values: [after, pageSize] },
    });
    const names = page.rows.map(({ account }) => account);
    const { rows } = await reader.query<StoredAccount>({
      name: 'verify_accounts',
      text: pageSql,
      values: [names, names.map((account) => fold.of(account)?.version ?? 0), position],
    });
    for (const row of rows) compareAccount(row, fold, differ);
    after = names.at(-1);
  }
  for (const account of fold.notCompared()) {
    const balance = moneyText(fold.of(account)?.balance ?? 0n);
    differ({ table: 'accounts', key: account, account, journal: `balance ${balance}` });
  }
  for (let after: string | undefined = ''; after !== undefined;) {
    signal.throwIfAborted();
    const page: pg.QueryResult<{ account: string; is_known: boolean }> = await reader.query({
      ...{ name: 'verify_named_by_entries', text: namedByEntriesSql, values: [after, pageSize] },
    });
    for (const { account, is_known: isKnown } of page.rows) {
      if (isKnown) continue;
      const readModel = 'entries of an account that there is not';
      differ({ table: 'entries', key: account, account, readModel });
    }
    after = page.rows.at(-1)?.account;
  }
}

function compareAccount(row: StoredAccount, fold: AccountFold, differ: Differ): void {
  const { account, surplus, has_later_events: hasLaterEvents, has_moved: hasMoved } = row;
  const known = fold.of(account);
  fold.markCompared(account);
  const at = { key: account, account };
  const [version, balance, lastBalance] = [row.version, moneyOf(row.balance), moneyOf(row.last_balance)];
  if (row.status === null) {
    differ({ table: 'accounts', ...at, ...(known !== undefined && { journal: 'an account' }) });
  }
  if (surplus !== null) {
    differ({ table: 'entries', ...at, journal: `${String(known?.version ?? 0)} entries`, readModel: surplus });
  }
  const events = String(known?.events ?? 0);
  if (row.events !== events) {
    differ({ table: 'account_events', ...at, journal: `${events} rows`, readModel: `${row.events} rows` });
  }
  if (known === undefined && !hasLaterEvents && !hasMoved) {
    differ({ table: 'accounts', ...at, readModel: `an account with a balance of ${balance ?? 'nothing'}` });
    return;
  }
  if (known === undefined || hasMoved) {
    // Opened or moved since: its balance is its last entry's, which the next verification compares with the journal.
    if (version !== '0') compareRow(differ, { table: 'balances', ...at }, { balance: lastBalance }, { balance });
  } else {
    const found = version === null ? undefined : { version, balance };
    const expected = { version: String(known.version), balance: moneyText(known.balance) };
    compareRow(differ, { table: 'balances', ...at }, expected, found);
  }
  if (known === undefined || hasLaterEvents || row.status === null) return;
  const lockedUntil = known.lockedUntil === undefined ? null : instantText(known.lockedUntil);
  const expected = { status: known.status, locked_until: lockedUntil };
  compareRow(differ, { table: 'accounts', ...at }, expected, { status: row.status, locked_until: row.locked_until });
}

const moneyOf = (minor: string | null): string | null => (minor === null ? null : moneyText(minor));
