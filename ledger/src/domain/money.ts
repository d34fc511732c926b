/** Money: a whole number of minor units (`bigint`) beside its ISO 4217 currency; never a float, never a JSON number. */

/** The currencies the ledger keeps books in, with their number of decimals (ISO 4217, column "minor unit"). */
const decimalsOf = { EUR: 2 } as const;

export type Currency = keyof typeof decimalsOf;

export const currencies = Object.keys(decimalsOf) as readonly Currency[];

/** The largest amount of one deposit, withdrawal or transfer. */
export const largestAmountMinor = 1_000_000_000n;
/** No money event leads to a balance above it, or below the same amount negative: far inside 64 bits. */
export const largestBalanceMinor = 1_000_000_000_000_000n;

/** How an amount is written: `"20"`, `"20.5"`, `"20.50"`, `"-20.50"`; no comma, exponent or blank, at most 15 digits before the point. */
export const amountPattern: Readonly<Record<Currency, RegExp>> = { EUR: amountWith(decimalsOf.EUR) };

function amountWith(decimals: number): RegExp {
  return new RegExp(`^-?\\d{1,15}(?:\\.\\d{1,${String(decimals)}})?$`);
}

/** Reads a decimal string as minor units; undefined for what does not match `amountPattern`. */
export function parseAmount(text: string, currency: Currency): bigint | undefined {
  if (!amountPattern[currency].test(text)) return undefined;
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(decimalsOf[currency], '0'));
}

/** Writes minor units as a decimal string with the currency's decimals: `2050n` → `"20.50"`. */
export function formatAmount(amountMinor: bigint, currency: Currency): string {
  const decimals = decimalsOf[currency];
  const digits = (amountMinor < 0n ? -amountMinor : amountMinor).toString().padStart(decimals + 1, '0');
  const sign = amountMinor < 0n ? '-' : '';
  return `${sign}${digits.slice(0, -decimals)}.${digits.slice(-decimals)}`;
}
