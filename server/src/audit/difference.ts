/** One difference that a verification found between the journal and the read model, and how rows are compared, column by column. */
import type { verifiedTables } from '../../../api/src/calls/verification.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';

/** What the journal says, and what the table holds; undefined: nothing. */
export type Difference = {
  readonly table: (typeof verifiedTables)[number];
  /** Which row: a position of the journal, an account, an account and a version, a day … */
  readonly key: string;
  /** Absent: the whole row. */
  readonly column?: string;
  /** The account it is about, where it is about one. */
  readonly account?: string;
  readonly journal?: string;
  readonly readModel?: string;
};

export type Differ = (difference: Difference) => void;

/** A row's columns as text; null where there is nothing. */
export type Row = Readonly<Record<string, string | null>>;

/** Whatever an amount should have been is shown as PostgreSQL says it. */
export const moneyText = (minor: string | bigint): string =>
  /^-?\d+$/.test(String(minor)) ? formatAmount(BigInt(minor), 'EUR') : String(minor);

/** One difference for each column of `expected`, or one for the row that is missing. */
export function compareRow(
  differ: Differ,
  row: Pick<Difference, 'table' | 'key' | 'account'>,
  expected: Row,
  found: Row | undefined,
): void {
  if (found === undefined) {
    const journal = Object.entries(expected).flatMap(([column, value]) =>
      value === null ? [] : [`${column} ${value}`],
    );
    differ({ ...row, journal: journal.join(', ') });
    return;
  }
  for (const [column, value] of Object.entries(expected)) {
    const other = found[column] ?? null;
    if (value === other) continue;
    differ({ ...row, column, ...(value !== null && { journal: value }), ...(other !== null && { readModel: other }) });
  }
}

/** SQL: an instant to the microsecond, as a column of text. What the bank wrote has milliseconds. */
export const instantSql = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** The same of an event's instant, which has milliseconds. */
export const instantText = (iso: string): string => iso.replace('Z', '000Z');
