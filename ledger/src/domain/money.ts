/** Money: a whole number of minor units (`bigint`) beside its ISO 4217 currency; never a float, never a JSON number. */

/** The currencies the ledger keeps books in, with their number of decimals (ISO 4217, column "minor unit"). */
const decimalsOf = { EUR: 2 } as const;

export type Currency = keyof typeof decimalsOf;

export const currencies = Object.keys(decimalsOf) as readonly Currency[];

/** The largest single sum the ledger takes, and the bound of any balance: far inside 64 bits, so that no sum overflows. */
export const largestAmountMinor = 1_000_000_000n;
export const largestBalanceMinor = 1_000_000_000_000_000n;

/**
 * Reads a decimal string as minor units: `"20"`, `"20.5"`, `"20.50"`, `"-20.50"`.
 * Returns undefined for anything else: a comma, an exponent, blanks, too many decimals, more than 15 digits.
 */
export function parseAmount(text: string, currency: Currency): bigint | undefined {
  const decimals = decimalsOf[currency];
  const match = /^(-?)(\d{1,15})(?:\.(\d+))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = ''] = match;
  if (fraction.length > decimals) return undefined;
  const amountMinor = BigInt(whole + fraction.padEnd(decimals, '0'));
  return sign === '-' ? -amountMinor : amountMinor;
}

/** Writes minor units as a decimal string with the currency's decimals: `2050n` → `"20.50"`. */
export function formatAmount(amountMinor: bigint, currency: Currency): string {
  const decimals = decimalsOf[currency];
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(decimals + 1, '0');
  const sign = amountMinor < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
