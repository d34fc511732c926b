/** An amount as a person types it. */
import { amount, requestCurrency } from '../../../api/src/fields.ts';
import { formatAmount, parseAmount } from '../../../ledger/src/domain/money.ts';

/** `45` and `45,5` become `45.00` and `45.50`; undefined for zero and for what the bank takes for no amount. Never a number in between. */
export function decimalOf(text: string): string | undefined {
  const { success, data } = amount.safeParse(text.replace(',', '.'));
  const amountMinor = success ? parseAmount(data, requestCurrency) : undefined;
  if (amountMinor === undefined || amountMinor <= 0n) return undefined;
  return formatAmount(amountMinor, requestCurrency);
}
