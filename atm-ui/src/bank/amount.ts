/** An amount as a person types it. */

/** `45` and `45,5` become `45.00` and `45.50`; undefined for zero and for what is no amount. Never a number in between. */
export function decimalOf(text: string): string | undefined {
  const [, whole, cents = ''] = /^(\d{1,12})(?:[.,](\d{1,2}))?$/.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const decimal = `${whole.replace(/^0+(?=\d)/, '')}.${cents.padEnd(2, '0')}`;
  return /[1-9]/.test(decimal) ? decimal : undefined;
}
