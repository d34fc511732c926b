/** A customer's statement as CSV, written page by page from the oldest entry on. */
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Entry } from '../../../../projections/src/read-model.ts';
import { statementLabel } from '../view.ts';
import type { Column } from './csv.ts';
import { csv } from './csv.ts';

const columns: readonly Column<Entry>[] = [
  { name: 'Date', kind: 'plain', of: ({ valueDate }) => valueDate },
  { name: 'Libellé', kind: 'text', of: statementLabel },
  { name: 'Montant', kind: 'plain', of: ({ amount, currency }) => formatAmount(amount, currency) },
  { name: 'Solde', kind: 'plain', of: ({ balanceAfter, currency }) => formatAmount(balanceAfter, currency) },
];

/** The next page of entries is read only when the one before was taken. */
export const statementCsv = (pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<string> => csv(columns, pages);
