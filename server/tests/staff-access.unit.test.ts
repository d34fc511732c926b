/** Where staff may come from. */
import { expect, test } from 'vitest';
import { staffAccess } from '../src/staff/staff-access.ts';

const isIn = (staffAddresses: readonly string[], address: string): boolean =>
  staffAccess({ staffAddresses, staffCertificates: 'optional' })(address, undefined) === undefined;

test.each([
  [[], '192.0.2.7', true],
  [['192.0.2.0/24'], '192.0.2.7', true],
  [['192.0.2.0/24'], '192.0.3.7', false],
  [['192.0.2.0/24'], '::ffff:192.0.2.7', true],
  [['192.0.2.7'], '192.0.2.8', false],
  [['2001:db8::/32', '10.0.0.0/8'], '2001:db8:9::1', true],
  [['2001:db8::/32'], '2001:db9::1', false],
  [['0.0.0.0/0'], '', false],
] as const)('from %j, %s: %s', (ranges, address, expected) => {
  expect(isIn(ranges, address)).toBe(expected);
});

test('where certificates are required, an address alone does not suffice', () => {
  const access = staffAccess({ staffAddresses: ['192.0.2.0/24'], staffCertificates: 'required' });
  expect(access('192.0.2.7', undefined)?.code).toBe('forbidden');
  expect(access('192.0.2.7', 'a.martin')).toBeUndefined();
  expect(access('192.0.3.7', 'a.martin')?.code).toBe('forbidden');
});
