/** Which PINs are too easy to guess: they may not be chosen, and whoever was given one must change it. */

const digits = '0123456789';
/** Rising and falling, over the end and on: 7890, 8901, 2109. */
const sequences = [
  digits + digits,
  Array.from(digits + digits)
    .reverse()
    .join(''),
];

/**
 * Whether a PIN is among the first that anybody would try: one or two digits repeated, a sequence, or four digits in a row
 * out of the account's own number. `account` is absent while the bank has not given one yet.
 */
export function isTrivialPin(pin: string, account?: string): boolean {
  return (
    /^(..)\1$/.test(pin) || sequences.some((sequence) => sequence.includes(pin)) || (account?.includes(pin) ?? false)
  );
}
