/** All rows of the three files, set aside while they are checked. */
import type { RowFile } from './row-file.ts';
import { openRowFile } from './row-file.ts';
import type { AccountRow, CustomerRow, OperationRow } from './row-shapes.ts';
import { sortRows } from './sort-rows.ts';
import type { HashedRow } from './typed-rows.ts';

export type BankRows = {
  readonly customers: RowFile<HashedRow<CustomerRow>>;
  readonly accounts: RowFile<HashedRow<AccountRow>>;
  operations: RowFile<HashedRow<OperationRow>>;
};

/** Gives what `work` gives; the rows are gone afterwards. */
export async function withBankRows<T>(work: (rows: BankRows) => Promise<T>): Promise<T> {
  const rows: BankRows = {
    customers: await openRowFile(),
    accounts: await openRowFile(),
    operations: await openRowFile(),
  };
  try {
    return await work(rows);
  } finally {
    for (const file of Object.values(rows)) await file.close();
  }
}

type Dated = Pick<OperationRow, 'valueDate' | 'operation'>;

/** The order in which operations are written: by day, and within a day by number. */
export function byDateAndNumber(one: Dated, other: Dated): number {
  if (one.valueDate !== other.valueDate) return one.valueDate < other.valueDate ? -1 : 1;
  return Number(one.operation) - Number(other.operation);
}

/** Puts the operations in that order; their lines stay those of the file. */
export async function sortOperations(rows: BankRows, onRows: (count: number) => void): Promise<void> {
  const unsorted = rows.operations;
  rows.operations = await sortRows(unsorted, byDateAndNumber, { onRows });
  await unsorted.close();
}
