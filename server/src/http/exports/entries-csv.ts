/** An account's entries as CSV for an auditor, written page by page from the oldest on. */
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Entry, ReadModel } from '../../../../projections/src/read-model.ts';
import type { Column } from './csv.ts';
import { csv } from './csv.ts';

const columns: readonly Column<Entry>[] = [
  { name: 'version', kind: 'plain', of: ({ version }) => version },
  { name: 'entryId', kind: 'plain', of: ({ entryId }) => entryId },
  { name: 'position', kind: 'plain', of: ({ position }) => position },
  { name: 'recordedAt', kind: 'plain', of: ({ recordedAt }) => recordedAt },
  { name: 'valueDate', kind: 'plain', of: ({ valueDate }) => valueDate },
  { name: 'type', kind: 'plain', of: ({ type }) => type },
  { name: 'label', kind: 'text', of: ({ label }) => label },
  { name: 'amount', kind: 'plain', of: ({ amount, currency }) => formatAmount(amount, currency) },
  { name: 'balanceAfter', kind: 'plain', of: ({ balanceAfter, currency }) => formatAmount(balanceAfter, currency) },
  { name: 'counterparty', kind: 'plain', of: ({ counterparty }) => counterparty },
  { name: 'reference', kind: 'text', of: ({ reference }) => reference },
];

/** Those with versions `from` to `to`. */
export const entriesCsv = (
  readModel: Pick<ReadModel, 'allEntries'>,
  account: string,
  from: number,
  to: number,
): AsyncGenerator<string> => csv(columns, upTo(to, readModel.allEntries(account, from)));

async function* upTo(to: number, pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<readonly Entry[]> {
  for await (const page of pages) {
    yield page.filter(({ version }) => version <= to);
    if ((page.at(-1)?.version ?? 0) >= to) return;
  }
}
