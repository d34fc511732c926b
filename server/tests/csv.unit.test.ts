/** Both CSV files as a spreadsheet opens them: amounts are numbers that add up, whatever people typed is text. */
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount } from '../../ledger/src/domain/money.ts';
import type { Entry } from '../../projections/src/read-model.ts';
import { entriesCsv } from '../src/http/exports/entries-csv.ts';
import { statementCsv } from '../src/http/exports/statement-csv.ts';

type Opened = { readonly kind: 'number' | 'formula' | 'text'; readonly value: string };

/** As a spreadsheet with a dot for decimals takes a cell: a number, else a formula, else text. */
function open(text: string): Opened {
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return { kind: 'number', value: text };
  if (/^[=+\-@\t\r＝＋－＠]/.test(text)) return { kind: 'formula', value: text };
  return { kind: 'text', value: text.replace(/^'/, '') };
}

async function opened(pieces: AsyncIterable<string>): Promise<readonly Readonly<Record<string, Opened>>[]> {
  let file = '';
  for await (const piece of pieces) file += piece;
  // Without the mark, a spreadsheet takes UTF-8 for something else.
  expect(file.startsWith('\ufeff')).toBe(true);
  const rows: Record<string, string>[] = parse(file, { bom: true, delimiter: ';', columns: true });
  return rows.map((row) => Object.fromEntries(Object.entries(row).map(([name, cell]) => [name, open(cell)])));
}

const typed = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }),
  fc.constantFrom('=1+1', '+33 1', '-x', '-20.00', '@sum', '"; "', 'a;b', '=HYPERLINK("x")', '＝1'),
);
const history = fc
  .array(fc.record({ amount: fc.bigInt({ min: -10_000n, max: 10_000n }), label: typed, reference: fc.option(typed) }))
  .map((all): readonly Entry[] => {
    let balance = 0n;
    return all.map(({ amount, label, reference }, index) => {
      balance += amount;
      return {
        ...{ entryId: `${String(index + 1)}.1`, account: '17', version: index + 1, position: index + 1 },
        ...{ type: 'imported', recordedAt: '2026-01-31T09:30:00.000Z', valueDate: '2026-01-31', currency: 'EUR' },
        ...{ amount, balanceAfter: balance, label, ...(reference !== null && { reference }) },
      };
    });
  });
async function* pages(entries: readonly Entry[]): AsyncGenerator<readonly Entry[]> {
  await Promise.resolve();
  for (let from = 0; from < entries.length; from += 3) yield entries.slice(from, from + 3);
}

test.each([
  [
    'an auditor’s entries',
    'amount',
    'balanceAfter',
    (entries: readonly Entry[]) => entriesCsv({ allEntries: () => pages(entries) }, '17', 1, Number.MAX_SAFE_INTEGER),
  ],
  ['a customer’s statement', 'Montant', 'Solde', (entries: readonly Entry[]) => statementCsv(pages(entries))],
] as const)('%s: every amount is a number, they add up to the balance, and nothing is a formula', async (...given) => {
  const [, amount, balance, write] = given;
  await fc.assert(
    fc.asyncProperty(history, async (entries) => {
      const rows = await opened(write(entries));
      expect(rows).toHaveLength(entries.length);
      expect(rows.flatMap((row) => Object.values(row)).filter(({ kind }) => kind === 'formula')).toEqual([]);
      expect(rows.map((row) => row[amount])).toEqual(
        entries.map((entry) => ({ kind: 'number', value: formatAmount(entry.amount, 'EUR') })),
      );
      const cents = rows.reduce((sum, row) => sum + BigInt((row[amount]?.value ?? '').replace('.', '')), 0n);
      expect(rows.at(-1)?.[balance]?.value ?? '0.00').toBe(formatAmount(cents, 'EUR'));
    }),
  );
});

test('a customer’s statement has the reference of a transfer beside its label', async () => {
  const [entry] =
    fc.sample(
      history.filter((entries) => entries.length > 0),
      1,
    )[0] ?? [];
  if (entry === undefined) throw new Error('no entry was made');
  const rows = await opened(statementCsv(pages([{ ...entry, label: 'Virement vers 17', reference: 'cinéma' }])));
  expect(rows[0]?.['Libellé']).toEqual({ kind: 'text', value: 'Virement vers 17 — cinéma' });
});
