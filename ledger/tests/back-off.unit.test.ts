/** How long to wait before the next try. */
import { expect, test } from 'vitest';
import { backOff } from '../src/back-off.ts';

test('waits twice as long after every failure, up to the limit', () => {
  const waitMs = backOff({ firstMs: 100, mostMs: 1_000 });
  expect([0, 1, 2, 3, 4, 5].map(waitMs)).toEqual([100, 200, 400, 800, 1_000, 1_000]);
});

test('stays at the limit however many failures there were', () => {
  expect(backOff({ firstMs: 20, mostMs: 2_000 })(5_000)).toBe(2_000);
});
