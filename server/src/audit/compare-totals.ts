/** Compares the totals by day, by kind and by status with what the journal's events add up to, said here a second time. */
import type pg from 'pg';
import { accountStatuses, isCustomerAccount } from '../../../ledger/src/domain/account.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { AccountFold } from './account-fold.ts';
import type { Difference, Differ, Row } from './difference.ts';
import { compareRow, moneyText } from './difference.ts';

type Day = { deposits: bigint; outflow: bigint; transfers: bigint; operations: number };

export type DayFold = {
  take(events: readonly Recorded[]): void;
  readonly days: ReadonlyMap<string, Day>;
};

/** Customers' postings by the day they count for. Between two customers no money comes in or goes out. */
export function dayFold(): DayFold {
  const days = new Map<string, Day>();
  return {
    days,
    take(events) {
      for (const { event, metadata } of events) {
        if (!isMoneyEvent(event)) continue;
        const own = event.postings.filter(({ account }) => isCustomerAccount(account));
        if (own.length === 0) continue;
        const day = days.get(metadata.valueDate) ?? { deposits: 0n, outflow: 0n, transfers: 0n, operations: 0 };
        days.set(metadata.valueDate, day);
        day.operations += own.length;
        const isBetween = own.length === 2 || event.type === 'Transferred';
        for (const { amount } of own) {
          if (isBetween) day.transfers += amount > 0n ? amount : 0n;
          else if (amount > 0n) day.deposits += amount;
          else day.outflow -= amount;
        }
      }
    },
  };
}

export type StoredTotals = {
  /** Where the projector stood. */
  readonly position: number;
  readonly days: readonly Record<string, string>[];
  readonly kinds: readonly Record<string, string>[];
  readonly statuses: readonly Record<string, string>[];
};

/** In one statement: all of one moment. */
export async function readTotals(reader: Pick<pg.Pool, 'query'>): Promise<StoredTotals> {
  const { rows } = await reader.query<Omit<StoredTotals, 'position'> & { position: string }>({
    name: 'verify_totals',
    text: `
      select position,
        (select coalesce(json_agg(json_build_object('key', day::text, 'deposits', deposits::text, 'outflow', outflow::text,
           'transfers', transfers::text, 'operations', operations::text)), '[]') from read.daily_totals) as days,
        (select coalesce(json_agg(json_build_object('key', kind, 'accounts', accounts::text, 'balance', balance::text)), '[]')
         from read.kind_totals) as kinds,
        (select coalesce(json_agg(json_build_object('key', status, 'accounts', accounts::text)), '[]')
         from read.status_totals) as statuses
      from read.checkpoint`,
  });
  const [row] = rows;
  if (row === undefined) throw new Error('the read model has no checkpoint');
  return { ...row, position: Number(row.position) };
}

/** `fold` and `days` stand where `stored` was read. */
export function compareTotals(stored: StoredTotals, fold: AccountFold, days: DayFold['days'], differ: Differ): void {
  const expectedDays = [...days].map(([key, { deposits, outflow, transfers, operations }]): [string, Row] => {
    const sums = { deposits: moneyText(deposits), outflow: moneyText(outflow), transfers: moneyText(transfers) };
    return [key, { ...sums, operations: String(operations) }];
  });
  const { kinds, statuses } = accountTotals(fold);
  compareAll('daily_totals', new Map(expectedDays), stored.days, differ);
  compareAll('kind_totals', kinds, stored.kinds, differ);
  compareAll('status_totals', statuses, stored.statuses, differ);
}

function accountTotals(fold: AccountFold): { kinds: ReadonlyMap<string, Row>; statuses: ReadonlyMap<string, Row> } {
  const kinds = new Map<string, { accounts: number; balance: bigint }>();
  const statuses = new Map<string, number>();
  for (const { account, balance, status } of fold.all()) {
    const kind = isCustomerAccount(account) ? 'customer' : (account.split(':', 1)[0] ?? '');
    const sums = kinds.get(kind) ?? { accounts: 0, balance: 0n };
    kinds.set(kind, { accounts: sums.accounts + 1, balance: sums.balance + balance });
    if (kind === 'customer') statuses.set(status, (statuses.get(status) ?? 0) + 1);
  }
  const ofKind = ([kind, { accounts, balance }]: [string, { accounts: number; balance: bigint }]): [string, Row] => [
    kind,
    { accounts: String(accounts), balance: moneyText(balance) },
  ];
  // Each status has its row from the first customer's account on.
  const ofStatus = (status: string): [string, Row] => [status, { accounts: String(statuses.get(status) ?? 0) }];
  return {
    kinds: new Map([...kinds].map(ofKind)),
    statuses: new Map(statuses.size === 0 ? [] : accountStatuses.map(ofStatus)),
  };
}

const inMoney = new Set(['deposits', 'outflow', 'transfers', 'balance']);

function compareAll(
  table: Difference['table'],
  expected: ReadonlyMap<string, Row>,
  stored: readonly Record<string, string>[],
  differ: Differ,
): void {
  const found = new Map(
    stored.map(({ key = '', ...columns }) => [
      key,
      Object.fromEntries(
        Object.entries(columns).map(([column, text]) => [column, inMoney.has(column) ? moneyText(text) : text]),
      ),
    ]),
  );
  for (const [key, row] of expected) compareRow(differ, { table, key }, row, found.get(key));
  for (const [key, row] of found) {
    if (!expected.has(key)) differ({ table, key, readModel: Object.values(row).join(', ') });
  }
}
