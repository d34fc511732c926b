/** The writer of every CSV the bank gives out: a byte order mark, `;` between cells, and text that no spreadsheet runs. */
import { stringify } from 'csv-stringify/sync';

export type Column<Row> = {
  readonly name: string;
  /** What people typed is `text`; `plain` is the bank's own: numbers, amounts, dates, which a spreadsheet must take as such. */
  readonly kind: 'text' | 'plain';
  readonly of: (row: Row) => string | number | undefined;
};

/** Without it spreadsheets take the accents for something else. */
const byteOrderMark = '\ufeff';

/** Page by page: the next is read only when the one before was taken. */
export async function* csv<Row>(
  columns: readonly Column<Row>[],
  pages: AsyncIterable<readonly Row[]>,
): AsyncGenerator<string> {
  yield byteOrderMark + lines([columns.map(({ name }) => name)]);
  for await (const rows of pages) {
    if (rows.length > 0) yield lines(rows.map((row) => columns.map((column) => cell(column, row))));
  }
}

const lines = (rows: readonly (readonly string[])[]): string => stringify([...rows], { delimiter: ';' });

function cell<Row>({ kind, of }: Column<Row>, row: Row): string {
  const value = String(of(row) ?? '');
  return kind === 'text' ? harmless(value) : value;
}

/** A spreadsheet runs what starts like a formula; with an apostrophe in front it is text. */
const harmless = (text: string): string => (/^[=+\-@\t\r＝＋－＠]/.test(text) ? `'${text}` : text);
