/** Who may be erased: whoever has only closed, empty accounts, all closed long enough ago. */
import { expect, test } from 'vitest';
import type { CustomersAccount } from '../src/erasure/retention.ts';
import { describe, obstacles } from '../src/erasure/retention.ts';

const closed = (closedOn: string, balance = 0n): CustomersAccount => ({
  ...{ account: '17', status: 'closed', balance, currency: 'EUR', closedOn },
});
const notClosed = (status: 'open' | 'frozen', balance: bigint): CustomersAccount => ({
  ...{ account: '18', status, balance, currency: 'EUR', closedOn: undefined },
});
const sentences = (accounts: readonly CustomersAccount[], retentionDays: number, today: string): readonly string[] =>
  obstacles(accounts, { retentionDays, today }).map((obstacle) => describe(obstacle, 'Europe/Paris'));

test.each<[string, readonly CustomersAccount[], number, string, readonly string[]]>([
  ['nobody’s account', [], 10, '2026-11-25', []],
  ['open without money', [notClosed('open', 0n)], 0, '2026-11-25', ['Account 18 is open and holds 0.00 EUR.']],
  ['open with money', [notClosed('open', 12_345n)], 0, '2026-11-25', ['Account 18 is open and holds 123.45 EUR.']],
  ['overdrawn', [notClosed('open', -5n)], 0, '2026-11-25', ['Account 18 is open and holds -0.05 EUR.']],
  ['frozen', [notClosed('frozen', 0n)], 0, '2026-11-25', ['Account 18 is frozen and holds 0.00 EUR.']],
  [
    'closed, and money came by an import',
    [closed('2020-01-01', 100n)],
    0,
    '2026-11-25',
    ['Account 17 is closed and holds 1.00 EUR.'],
  ],
  [
    'closed the day before the last day',
    [closed('2026-02-27')],
    2,
    '2026-02-28',
    [
      'Account 17 was closed on 2026-02-27: its holder’s data are kept until 2026-03-01 (RETENTION_DAYS; days in Europe/Paris).',
    ],
  ],
  ['closed just long enough', [closed('2026-02-27')], 2, '2026-03-01', []],
  ['closed today, and nothing is kept', [closed('2026-11-25')], 0, '2026-11-25', []],
  [
    'one closed long ago, one open',
    [closed('2001-01-01'), notClosed('open', 1n)],
    1_827,
    '2026-11-25',
    ['Account 18 is open and holds 0.01 EUR.'],
  ],
])('%s', (_, accounts, retentionDays, today, expected) => {
  expect(sentences(accounts, retentionDays, today)).toEqual(expected);
});
