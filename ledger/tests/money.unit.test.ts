/** Amounts are read and written exactly, or not at all. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatAmount, parseAmount } from '../src/domain/money.ts';

test.each([
  ['20', 2000n],
  ['20.5', 2050n],
  ['20.50', 2050n],
  ['-0.01', -1n],
  ['0', 0n],
  ['007', 700n],
  ['999999999999999.99', 99_999_999_999_999_999n],
])('reads %s as %i cents', (text, amountMinor) => {
  expect(parseAmount(text, 'EUR')).toBe(amountMinor);
});

test.each([
  '',
  ' 1',
  '1 ',
  '1,5',
  '12,345',
  '1.234',
  '1e3',
  '+1',
  '.5',
  '1.',
  '--1',
  '0x10',
  'NaN',
  '١',
  '1'.repeat(16),
])('does not read "%s" as an amount', (text) => {
  expect(parseAmount(text, 'EUR')).toBeUndefined();
});

test('reads back every amount it writes', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 17n) + 1n, max: 10n ** 17n - 1n }), (amountMinor) => {
      expect(parseAmount(formatAmount(amountMinor, 'EUR'), 'EUR')).toBe(amountMinor);
    }),
  );
});
