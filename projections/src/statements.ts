/** The SQL that writes a batch's rows, one statement a table, whatever the batch's size. */
import { plainColumn, textColumn } from './columns.ts';
import type { CustomerRow } from './customer-names.ts';
import type { Rows } from './project.ts';
import type { Totals } from './totals.ts';

/** A batch's rows with the customer names decrypted. */
export type ReadyRows = Omit<Rows, 'customers'> & { readonly customers: readonly CustomerRow[] };

/** A batch ready to write: its rows, and the statements that carry them. */
export type Batch = { readonly rows: ReadyRows; readonly statements: readonly Statement[] };

type Statement = {
  readonly name: string;
  readonly text: string;
  readonly values: string[];
  /** How many rows it is given, and writes if the read model holds what the journal says came before. */
  readonly count: number;
  /** Rows that are there already are left as they are. */
  readonly leavesThere?: true;
};

/** In an order in which each finds what it needs; those without rows are left out. */
export function toBatch(rows: ReadyRows): Batch {
  const { customers, accounts, balances, entries, accountEvents } = rows;
  const statuses = [...rows.statuses];
  const locks = [...rows.locks];
  const keys = [...rows.keys];
  const opened = accounts.filter(({ customer }) => customer !== undefined).length;
  const statements: Statement[] = [
    {
      name: 'insert_customers',
      text: `insert into customers (customer, key_id, first_name, last_name, search)
             select * from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::text[])`,
      values: [
        textColumn(customers.map(({ customer }) => customer)),
        plainColumn(customers.map(({ keyId }) => keyId)),
        textColumn(customers.map(({ firstName }) => firstName)),
        textColumn(customers.map(({ lastName }) => lastName)),
        textColumn(customers.map(({ search }) => search)),
      ],
      count: customers.length,
    },
    {
      name: 'insert_accounts',
      text: `insert into accounts (account, currency, floor, customer, account_type, opened_at)
             select * from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::timestamptz[])`,
      values: [
        textColumn(accounts.map(({ account }) => account)),
        textColumn(accounts.map(({ currency }) => currency)),
        plainColumn(accounts.map(({ floor }) => floor)),
        textColumn(accounts.map(({ customer }) => customer)),
        textColumn(accounts.map(({ accountType }) => accountType)),
        plainColumn(accounts.map(({ openedAt }) => openedAt)),
      ],
      count: accounts.length,
    },
    {
      name: 'insert_balances',
      text: 'insert into balances (account, version, balance) select account, 0, 0 from unnest($1::text[]) as account',
      values: [textColumn(accounts.map(({ account }) => account))],
      count: accounts.length,
    },
    {
      name: 'change_balances',
      text: `update balances a set version = c.version, balance = c.balance
             from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
               as c (account, version_before, balance_before, version, balance)
             where a.account = c.account and a.version = c.version_before and a.balance = c.balance_before`,
      values: [
        textColumn(balances.map(({ account }) => account)),
        plainColumn(balances.map(({ before }) => before.version)),
        plainColumn(balances.map(({ before }) => before.balance)),
        plainColumn(balances.map(({ version }) => version)),
        plainColumn(balances.map(({ balance }) => balance)),
      ],
      count: balances.length,
    },
    // Before they change: what they were is what they no longer count for. Each status has its row from the first account on.
    {
      name: 'add_status_totals',
      text: `insert into status_totals as t (status, accounts)
             select status, sum(n) from (
               select status, 0 as n from unnest('{open,frozen,closed}'::text[]) as status
               union all select 'open', $3::bigint
               union all select status, 1 from unnest($2::text[]) as status
               union all select a.status, -1 from unnest($1::text[]) as c (account) join accounts a on a.account = c.account collate "C"
             ) changes group by status
             on conflict (status) do update set accounts = t.accounts + excluded.accounts`,
      values: [
        textColumn(statuses.map(([account]) => account)),
        textColumn(statuses.map(([, status]) => status)),
        String(opened),
      ],
      count: opened + statuses.length === 0 ? 0 : 3,
    },
    {
      name: 'change_statuses',
      text: `update accounts a set status = c.status from unnest($1::text[], $2::text[]) as c (account, status)
             where a.account = c.account`,
      values: [textColumn(statuses.map(([account]) => account)), textColumn(statuses.map(([, status]) => status))],
      count: statuses.length,
    },
    {
      name: 'change_locks',
      text: `update accounts a set locked_until = c.until from unnest($1::text[], $2::timestamptz[]) as c (account, until)
             where a.account = c.account`,
      values: [textColumn(locks.map(([account]) => account)), textColumn(locks.map(([, until]) => until))],
      count: locks.length,
    },
    // In the order of the primary key: neighbours go to the same page of its index.
    {
      name: 'insert_entries',
      text: `insert into entries (account, version, position, posting, type, recorded_at, value_date, amount, balance,
                                  counterparty, label, reference)
             select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::smallint[], $5::text[],
                                  $6::timestamptz[], $7::date[], $8::bigint[], $9::bigint[], $10::text[], $11::text[],
                                  $12::text[]) as entry (account, version)
             order by account collate "C", version`,
      values: [
        textColumn(entries.map(({ account }) => account)),
        plainColumn(entries.map(({ version }) => version)),
        plainColumn(entries.map(({ position }) => position)),
        plainColumn(entries.map(({ posting }) => posting)),
        plainColumn(entries.map(({ type }) => type)),
        plainColumn(entries.map(({ recordedAt }) => recordedAt)),
        plainColumn(entries.map(({ valueDate }) => valueDate)),
        plainColumn(entries.map(({ amount }) => amount)),
        plainColumn(entries.map(({ balanceAfter }) => balanceAfter)),
        textColumn(entries.map(({ counterparty }) => counterparty)),
        textColumn(entries.map(({ label }) => label)),
        textColumn(entries.map(({ reference }) => reference)),
      ],
      count: entries.length,
    },
    {
      name: 'insert_account_events',
      text: 'insert into account_events (account, position) select * from unnest($1::text[], $2::bigint[])',
      values: [
        textColumn(accountEvents.map(({ account }) => account)),
        plainColumn(accountEvents.map(({ position }) => position)),
      ],
      count: accountEvents.length,
    },
    // In the order of the primary key as well. A command's later events, when they come in the next batch, leave its key
    // at the position of the first.
    {
      name: 'insert_keys',
      text: `insert into idempotency_keys (key, position)
             select * from unnest($1::uuid[], $2::bigint[]) as command (key) order by key
             on conflict do nothing`,
      values: [plainColumn(keys.map(([key]) => key)), plainColumn(keys.map(([, position]) => position))],
      count: keys.length,
      leavesThere: true,
    },
  ];
  return {
    rows,
    statements: [...statements, ...totalsStatements(rows.totals)].filter((statement) => statement.count > 0),
  };
}

/** Each adds to what is there. */
function totalsStatements({ days, kinds }: Totals): readonly Statement[] {
  const ofDays = [...days.values()];
  const ofKinds = [...kinds.values()];
  return [
    {
      name: 'add_daily_totals',
      text: `insert into daily_totals as t (day, deposits, outflow, transfers, operations)
             select * from unnest($1::date[], $2::numeric[], $3::numeric[], $4::numeric[], $5::bigint[])
             on conflict (day) do update set deposits = t.deposits + excluded.deposits, outflow = t.outflow + excluded.outflow,
               transfers = t.transfers + excluded.transfers, operations = t.operations + excluded.operations`,
      values: [
        plainColumn(days.keys()),
        plainColumn(ofDays.map(({ deposits }) => deposits)),
        plainColumn(ofDays.map(({ outflow }) => outflow)),
        plainColumn(ofDays.map(({ transfers }) => transfers)),
        plainColumn(ofDays.map(({ operations }) => operations)),
      ],
      count: days.size,
    },
    {
      name: 'add_kind_totals',
      text: `insert into kind_totals as t (kind, accounts, balance)
             select * from unnest($1::text[], $2::bigint[], $3::numeric[])
             on conflict (kind) do update set accounts = t.accounts + excluded.accounts, balance = t.balance + excluded.balance`,
      values: [
        textColumn(kinds.keys()),
        plainColumn(ofKinds.map(({ accounts }) => accounts)),
        plainColumn(ofKinds.map(({ balance }) => balance)),
      ],
      count: kinds.size,
    },
  ];
}
