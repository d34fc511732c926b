/** What an auditor's `at` means: days are the bank's, instants are instants. */
import { expect, test } from 'vitest';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { momentOf } from '../src/audit/moment.ts';

const iso = (instantMs: number): string => new Date(instantMs).toISOString();

test.each([
  ['2026-11-24', '2026-11-24T22:59:59.999Z', '2026-11-24'],
  ['2026-03-29', '2026-03-29T21:59:59.999Z', '2026-03-29'],
  ['2026-11-24T23:30:00Z', '2026-11-24T23:30:00.000Z', '2026-11-25'],
  ['2026-11-25T00:30:00+01:00', '2026-11-24T23:30:00.000Z', '2026-11-25'],
  ['2026-11-24T09:30Z', '2026-11-24T09:30:00.000Z', '2026-11-24'],
  ['9999-12-31', '9999-12-31T23:59:59.999Z', '9999-12-31'],
  ['9999-12-31T23:59:59-14:00', '+010000-01-01T13:59:59.000Z', '9999-12-31'],
  ['0000-01-01', '0000-01-01T23:59:59.999Z', '0000-01-01'],
  ['0000-01-01T00:00:00+14:00', '-000001-12-31T10:00:00.000Z', '-000001-12'],
])('in Paris %s is up to %s, and counts value dates up to %s', (at, until, untilDay) => {
  const moment = momentOf(at, civilTime('Europe/Paris'));
  expect([iso(moment.untilMs), moment.untilDay]).toEqual([until, untilDay]);
});
