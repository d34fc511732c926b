/** PINs that are too easy to guess, and how long each further lock lasts. */
import { expect, test } from 'vitest';
import { isTrivialPin } from '../../api/src/trivial-pin.ts';
import { lockSeconds, secondsUntil, untilTheBankActs } from '../src/access/pin-rules.ts';

test.each(['0000', '9999', '1212', '6060', '1234', '0123', '6789', '7890', '8901', '4321', '9876', '2109'])(
  '%s is too easy to guess',
  (pin) => {
    expect(isTrivialPin(pin)).toBe(true);
  },
);

test.each(['2527', '1357', '1122', '1223', '4820', '1243', '9031'])('%s may be chosen', (pin) => {
  expect(isTrivialPin(pin)).toBe(false);
});

test('a part of the account’s own number may not be chosen', () => {
  expect(isTrivialPin('4820', '148201')).toBe(true);
  expect(isTrivialPin('4820', '482')).toBe(false);
  expect(isTrivialPin('4820')).toBe(false);
});

test('about one PIN in a hundred is rejected, so that the rule itself tells little', () => {
  const rejected = Array.from({ length: 10_000 }, (_, n) => String(n).padStart(4, '0')).filter((pin) =>
    isTrivialPin(pin),
  );
  expect(rejected).toHaveLength(120);
});

test('locks grow to a day, and after that only the bank unlocks', () => {
  expect(lockSeconds).toEqual([300, 900, 3_600, 86_400]);
  const now = Date.parse('2026-01-01T00:00:00Z');
  expect(secondsUntil('2026-01-01T00:05:00.000Z', now)).toBe(300);
  expect(secondsUntil('2025-12-31T23:59:59.000Z', now)).toBe(1);
  expect(secondsUntil(untilTheBankActs, now)).toBeUndefined();
});
