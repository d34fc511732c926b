/** An account's entries: a page of the newest, or all of them from the oldest on. */
import type pg from 'pg';
import type { AccountId } from '../../../ledger/src/domain/events.ts';
import type { Currency } from '../../../ledger/src/domain/money.ts';
import type { Entry } from '../read-model.ts';
import { labelOf } from './labels.ts';

type Row = {
  account: AccountId;
  version: string;
  position: string;
  posting: number;
  type: Entry['type'];
  recorded_at: Date;
  value_date: string;
  amount: string;
  balance: string;
  currency: Currency;
  counterparty: AccountId | null;
  label: string | null;
  reference: string | null;
};

// A date as text: a Date would move it by the machine's time zone.
const selectEntries = `
  select e.account, e.version, e.position, e.posting, e.type, e.recorded_at, e.value_date::text, e.amount, e.balance,
         a.currency, e.counterparty, e.label, e.reference
  from read.entries e join read.accounts a using (account)`;

const pageSize = 1000;

/** Newest first, from below version `before` on. */
export async function entries(
  pool: pg.Pool,
  account: AccountId,
  { limit, before = Number.MAX_SAFE_INTEGER }: { readonly limit: number; readonly before?: number },
): Promise<readonly Entry[]> {
  const { rows } = await pool.query<Row>({
    name: 'read_entries',
    text: `${selectEntries} where e.account = $1 and e.version < $2 order by e.version desc limit $3`,
    values: [account, before, limit],
  });
  return rows.map(toEntry);
}

/** Oldest first, from version `from` on. Entries never change, so up to the version the account had at first is as of one moment. */
export async function* allEntries(pool: pg.Pool, account: AccountId, from: number): AsyncGenerator<readonly Entry[]> {
  const { rows: accounts } = await pool.query<{ version: string }>({
    name: 'read_version',
    text: 'select version from read.balances where account = $1',
    values: [account],
  });
  const last = Number(accounts[0]?.version ?? 0);
  for (let after = from - 1; after < last; after += pageSize) {
    const { rows } = await pool.query<Row>({
      name: 'read_all_entries',
      text: `${selectEntries} where e.account = $1 and e.version > $2 and e.version <= $3 order by e.version`,
      values: [account, after, Math.min(after + pageSize, last)],
    });
    yield rows.map(toEntry);
  }
}

const toEntry = (row: Row): Entry => ({
  entryId: `${row.position}.${String(row.posting)}`,
  account: row.account,
  version: Number(row.version),
  position: Number(row.position),
  type: row.type,
  recordedAt: row.recorded_at.toISOString(),
  valueDate: row.value_date,
  label: labelOf(row.type, row.counterparty ?? undefined, row.label ?? undefined),
  amount: BigInt(row.amount),
  balanceAfter: BigInt(row.balance),
  currency: row.currency,
  ...(row.counterparty !== null && { counterparty: row.counterparty }),
  ...(row.reference !== null && { reference: row.reference }),
});
