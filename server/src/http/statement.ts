/** A statement as CSV, written piece by piece from the oldest entry on. */
import { stringify } from 'csv-stringify/sync';
import { formatAmount } from '../../../ledger/src/domain/money.ts';
import type { Entry } from '../../../projections/src/read-model.ts';

/** Without it spreadsheets take the accents for something else. */
const byteOrderMark = '\ufeff';

/** Each piece is a page of entries; the next page is read only when the one before was taken. */
export async function* statement(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<string> {
  yield byteOrderMark + line([['Date', 'Libellé', 'Montant', 'Solde']]);
  for await (const entries of pages) yield line(entries.map(row));
}

const line = (rows: readonly (readonly string[])[]): string => stringify([...rows], { delimiter: ';' });

const row = ({ valueDate, label, amount, balanceAfter, currency }: Entry): readonly string[] => [
  valueDate,
  harmless(label),
  formatAmount(amount, currency),
  formatAmount(balanceAfter, currency),
];

/** A spreadsheet runs what starts like a formula; with an apostrophe in front it is text. */
const harmless = (label: string): string => (/^[=+\-@\t\r＝＋－＠]/.test(label) ? `'${label}` : label);
