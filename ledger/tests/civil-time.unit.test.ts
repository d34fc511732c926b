/** Days of the bank's civil time zone: which one an instant belongs to, and when each begins, also where clocks change. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { civilTime } from '../src/civil-time.ts';

const zones = [
  'Europe/Paris',
  'UTC',
  'America/St_Johns',
  'Asia/Kathmandu',
  'Africa/Cairo',
  'America/Sao_Paulo',
  'Pacific/Apia',
  'Pacific/Kiritimati',
];
const iso = (instantMs: number): string => new Date(instantMs).toISOString();

test.each([
  ['Europe/Paris', '2026-11-24T23:24:00.000Z', '2026-11-25'],
  ['Europe/Paris', '2026-07-31T21:59:59.999Z', '2026-07-31'],
  ['Europe/Paris', '2026-07-31T22:00:00.000Z', '2026-08-01'],
  ['UTC', '2026-11-24T23:24:00.000Z', '2026-11-24'],
])('in %s the instant %s belongs to %s', (zone, instant, day) => {
  expect(civilTime(zone).dayOf(Date.parse(instant))).toBe(day);
});

test.each([
  ['Europe/Paris', '2026-03-29', '2026-03-28T23:00:00.000Z', 'the day has 23 hours'],
  ['Europe/Paris', '2026-10-25', '2026-10-24T22:00:00.000Z', 'the day has 25 hours'],
  ['America/Sao_Paulo', '2018-11-04', '2018-11-04T03:00:00.000Z', 'clocks skipped midnight'],
])('in %s %s begins at %s: %s', (zone, day, start) => {
  expect(iso(civilTime(zone).startOfDay(day))).toBe(start);
});

test('a day begins at its first instant and not before, in every zone', () => {
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.integer({ min: 0, max: 40_000 }), (zone, days) => {
      const { dayOf, startOfDay } = civilTime(zone);
      const day = dayOf(days * 86_400_000 + 43_200_000);
      const start = startOfDay(day);
      expect(dayOf(start)).toBe(day);
      expect(dayOf(start - 1) < day).toBe(true);
    }),
    { numRuns: 400 },
  );
});

test('an unknown zone and a day that is none are errors', () => {
  expect(() => civilTime('Europe/Nowhere')).toThrow(RangeError);
  expect(() => civilTime('UTC').startOfDay('2026-13-01')).toThrow(RangeError);
});
