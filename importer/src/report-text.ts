/** The closing report of an import, for people. */
import { formatAmount } from '../../ledger/src/domain/money.ts';
import type { ImportReport } from './import-bank.ts';
import { currency } from './row-shapes.ts';

export function reportText({ customers, accounts, operations, totalMinor, movedSince, seconds }: ImportReport): string {
  const row = (name: string, { added, alreadyThere }: ImportReport['accounts']): string =>
    `${name.padEnd(12)}${count(added).padStart(12)} new${count(alreadyThere).padStart(12)} already there`;
  const total = formatAmount(totalMinor, currency).replace(/\B(?=(\d{3})+(?=\.))/g, ',');
  return [
    row('customers', customers),
    row('accounts', accounts),
    row('operations', operations),
    `These accounts hold ${total} ${currency}.`,
    movedSince === 0
      ? 'Every balance is the one in the file, to the cent.'
      : `${count(movedSince)} of them moved since they were imported; all others hold what the file says, to the cent.`,
    `It took ${seconds.toFixed(1)} s.`,
  ].join('\n');
}

const count = (number: number): string => number.toLocaleString('en');
