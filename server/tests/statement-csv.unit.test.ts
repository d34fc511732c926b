/** A statement's own rules: the mark in front, quoting, no formulas, and no page read before it is wanted. */
import { expect, test } from 'vitest';
import type { Entry } from '../../projections/src/read-model.ts';
import { statementCsv } from '../src/http/exports/statement-csv.ts';

const entry = (label: string): Entry => ({
  entryId: '1.0',
  account: '17',
  version: 1,
  position: 1,
  type: 'imported',
  recordedAt: '2026-01-31T09:30:00.000Z',
  valueDate: '2017-02-01',
  label,
  amount: -123n,
  balanceAfter: -5n,
  currency: 'EUR',
});

async function* pages(...found: (readonly Entry[])[]): AsyncGenerator<readonly Entry[]> {
  await Promise.resolve();
  yield* found;
}

async function whole(...labels: string[]): Promise<string> {
  let text = '';
  for await (const piece of statementCsv(pages(labels.map(entry)))) text += piece;
  return text;
}

test('starts with a byte order mark and the header', async () => {
  expect(await whole()).toBe('\ufeffDate;Libellé;Montant;Solde\n');
});

test('labels are quoted where they must be, and amounts are not mistaken for formulas', async () => {
  const lines = (await whole('Chèque "12"; Paris')).split('\n');
  expect(lines[1]).toBe('2017-02-01;"Chèque ""12""; Paris";-1.23;-0.05');
});

test.each(['=1+1', '+33 1', '-x', '@sum', '\tx', '＝1'])(
  'a label like %j cannot run in a spreadsheet',
  async (label) => {
    const lines = (await whole(label)).split('\n');
    expect(lines[1]).toContain(`;'${label}`);
  },
);

test('the next page is read only when the one before was taken', async () => {
  const read: number[] = [];
  const source = (async function* () {
    for (let n = 1; n <= 3; n++) {
      read.push(n);
      await Promise.resolve();
      yield [entry(`page ${String(n)}`)];
    }
  })();
  const pieces = statementCsv(source);
  await pieces.next();
  expect(read).toEqual([]);
  await pieces.next();
  expect(read).toEqual([1]);
});
