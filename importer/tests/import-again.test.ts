/** Files that come again with more in them: what is new is added, each Solde is held, and order is that of days and numbers. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImportBench } from './import.suite.ts';
import { depositFive, importBench, smallBank, writeBank } from './import.suite.ts';

let bench: ImportBench;
beforeEach(async () => {
  bench = await importBench();
});
afterEach(() => bench.end());

/** The small bank a month later: account 1 paid a rent of 30.00, and a customer with an account came. */
function nextMonth(): ReturnType<typeof smallBank> {
  const { clients, accounts, operations } = smallBank();
  return {
    clients: `${clients}2;"Inès";"Marchand";"1 rue Basse";"35000";"Rennes";"";""\n`,
    accounts: `${accounts.replace('100.50', '70.50')}3;"2";"Compte courant";"5937";"-5.00"\n`,
    operations: `${operations}4;"2024-02-05";"1";"Loyer";"-30"\n5;"2024-02-06";"3";"Frais";"-8.00"\n`,
  };
}

const balancesOf = async (accounts: readonly string[]): Promise<readonly string[]> => {
  const { rows } = await bench.owner.query<{ balance: string }>(
    `select balance::text from read.balances where account = any($1) order by account`,
    [accounts],
  );
  return rows.map(({ balance }) => balance);
};

test('next month’s files add what is new, and only that', async () => {
  await bench.run(writeBank(bench.dir, smallBank()));
  const before = await bench.eventCount();
  const later = writeBank(bench.dir, nextMonth());
  expect(await bench.run(later)).toMatchObject({
    customers: { added: 1, alreadyThere: 1 },
    accounts: { added: 1, alreadyThere: 2 },
    operations: { added: 2, alreadyThere: 3 },
    movedSince: 0,
  });
  // A customer, an account, what it began with, two operations.
  expect(await bench.eventCount()).toBe(before + 5);
  expect(await balancesOf(['1', '2', '3'])).toEqual(['7050', '0', '-500']);
  expect(await bench.run(later)).toMatchObject({ operations: { added: 0, alreadyThere: 5 } });
  expect(await bench.eventCount()).toBe(before + 5);
});

test('files with the new operations alone are as good', async () => {
  await bench.run(writeBank(bench.dir, smallBank()));
  const { operations, ...rest } = nextMonth();
  const [header = '', ...lines] = operations.split('\n');
  const newOnes = [header, ...lines.slice(3)].join('\n');
  const report = await bench.run(writeBank(bench.dir, { ...rest, operations: newOnes }));
  expect(report).toMatchObject({ operations: { added: 2, alreadyThere: 0 }, movedSince: 0 });
  expect(await balancesOf(['1', '2', '3'])).toEqual(['7050', '0', '-500']);
});

test('next month’s files of an account that the bank has moved since are held to what it began with', async () => {
  await bench.run(writeBank(bench.dir, smallBank()), depositFive);
  const later = writeBank(bench.dir, nextMonth());
  expect(await bench.run(later)).toMatchObject({ operations: { added: 2 }, movedSince: 1 });
  expect(await balancesOf(['1'])).toEqual(['7550']);
});

test('a Solde that the operations do not lead to is named, with both amounts, and nothing is written', async () => {
  await bench.run(writeBank(bench.dir, smallBank()));
  const before = await bench.eventCount();
  const later = nextMonth();
  const files = writeBank(bench.dir, { ...later, accounts: later.accounts.replace('70.50', '71.50') });
  await expect(bench.run(files)).rejects.toThrow(
    /comptes\.csv, line 2: Solde of account 1 is 71\.50, but with the new operations the account holds 70\.50\./,
  );
  expect(await bench.eventCount()).toBe(before);
});

test('an operation left out next month is noticed by its account’s Solde', async () => {
  await bench.run(writeBank(bench.dir, smallBank()));
  const later = nextMonth();
  const files = writeBank(bench.dir, { ...later, operations: later.operations.replace(/^4;.*\n/m, '') });
  await expect(bench.run(files)).rejects.toThrow(/Solde of account 1 is 70\.50, but .* holds 100\.50/);
});

test('an account that changed its owner or its type is named', async () => {
  await bench.run(writeBank(bench.dir, smallBank()));
  const later = nextMonth();
  const files = writeBank(bench.dir, { ...later, accounts: later.accounts.replace('1;"1";"Compte', '1;"2";"Compte') });
  await expect(bench.run(files)).rejects.toThrow(/account 1 was imported before with other content/);
});

test('a file with the newest first gives the balances that were', async () => {
  const bank = smallBank();
  const [header = '', ...lines] = bank.operations.trimEnd().split('\n');
  await bench.run(writeBank(bench.dir, { ...bank, operations: [header, ...lines.reverse(), ''].join('\n') }));
  const { rows } = await bench.owner.query<{ day: string; balance: string }>(
    `select to_char(value_date, 'YYYY-MM-DD') as day, balance::text as balance
     from read.entries where account = '1' order by version`,
  );
  // It began with -30.00, dated with its first operation.
  expect(rows).toEqual([
    { day: '2024-01-05', balance: '-3000' },
    { day: '2024-01-05', balance: '12050' },
    { day: '2024-01-06', balance: '10050' },
  ]);
});

test.each([
  [';', '.'],
  [';', ','],
  [',', '.'],
  [',', ','],
  ['tab', ','],
] as const)('reads columns apart by %s with decimals after %s', async (separator, decimalMark) => {
  const { clients, accounts, operations } = smallBank();
  const rewrite = (text: string): string =>
    text.replaceAll(/(\d)\.(\d)/g, `$1${decimalMark}$2`).replaceAll(';', separator === 'tab' ? '\t' : separator);
  const texts = { clients: rewrite(clients), accounts: rewrite(accounts), operations: rewrite(operations) };
  await bench.run(writeBank(bench.dir, { ...texts, format: { separator, decimalMark } }));
  expect(await balancesOf(['1', '2'])).toEqual(['10050', '0']);
});
