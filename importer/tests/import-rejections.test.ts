/** What the import rejects, it names with file, line and reason, and then nothing of it is written. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ImportBench, Texts } from './import.suite.ts';
import { importBench, sampleBank, smallBank, writeBank } from './import.suite.ts';

let bench: ImportBench;
beforeEach(async () => {
  bench = await importBench();
});
afterEach(() => bench.end());

type Change = (bank: ReturnType<typeof smallBank>) => Partial<Texts>;
const changes: readonly (readonly [name: string, change: Change, message: RegExp])[] = [
  [
    'a wrong header',
    ({ accounts }) => ({ accounts: accounts.replace('"Solde"', '"Balance"') }),
    /comptes\.csv, line 1: the header lacks Solde/,
  ],
  [
    'a missing column',
    ({ operations }) => ({ operations: operations.replaceAll(/;"[^;]*"$/gm, '') }),
    /operations\.csv, line 1: the header lacks Montant/,
  ],
  [
    'an unknown account',
    ({ operations }) => ({ operations: operations.replace('"2024-01-07";"2"', '"2024-01-07";"9"') }),
    /operations\.csv, line 4: account 9 is not in comptes\.csv/,
  ],
  [
    'an unknown customer',
    ({ accounts }) => ({ accounts: accounts.replace('1;"1"', '1;"7"') }),
    /comptes\.csv, line 2: customer 7 is not in clients\.csv/,
  ],
  [
    'an amount with a comma',
    ({ operations }) => ({ operations: operations.replace('-20', '12,345') }),
    /operations\.csv, line 3: Montant is "12,345"/,
  ],
  [
    'an amount with a point where a comma was asked for',
    ({ operations, accounts }) => ({
      operations: operations.replace('150.5', '150,5').replace('12.34', '12,34').replace('-20', '-20.00'),
      accounts: accounts.replace('100.50', '100,50').replace('0.00', '0,00'),
      format: { separator: ';', decimalMark: ',' },
    }),
    /operations\.csv, line 3: Montant is "-20\.00", which is no amount\. Write it with a comma/,
  ],
  [
    'another separator than the one said',
    () => ({ format: { separator: 'tab', decimalMark: '.' } }),
    /clients\.csv, line 1: the header lacks .*\. The first line must be NumeroClient\tPrenom.* or say with --separator/,
  ],
  [
    'a duplicate number',
    ({ operations }) => ({ operations: operations.replace('\n2;', '\n1;') }),
    /operations\.csv, line 3: NumeroOperation 1 was there before/,
  ],
  [
    'a duplicate account',
    ({ accounts }) => ({ accounts: accounts.replace('\n2;', '\n1;') }),
    /comptes\.csv, line 3: NumeroCompte 1 was there before/,
  ],
  [
    'a last line cut off inside a quote',
    ({ operations }) => ({ operations: operations.slice(0, -4) }),
    /operations\.csv, line 4: a quote is opened and not closed/,
  ],
  [
    'a last line cut off between fields',
    ({ operations }) => ({ operations: operations.slice(0, operations.lastIndexOf(';')) }),
    /operations\.csv, line 4: this line has 4 fields instead of 5/,
  ],
  [
    'Latin-1',
    ({ clients }) => ({ clients: Buffer.from(clients, 'latin1') }),
    /clients\.csv, line 2: this line is not UTF-8/,
  ],
  [
    'an impossible day',
    ({ operations }) => ({ operations: operations.replace('2024-01-06', '2024-02-30') }),
    /operations\.csv, line 3: DateOperation is "2024-02-30"/,
  ],
  [
    'a PIN of three digits',
    ({ accounts }) => ({ accounts: accounts.replace('4821', '482') }),
    /comptes\.csv, line 2: PIN is not 4 digits/,
  ],
  [
    'a type of account nobody knows',
    ({ accounts }) => ({ accounts: accounts.replace('Compte courant', 'constructor') }),
    /comptes\.csv, line 2: TypeCompte is "constructor"/,
  ],
  [
    'a control character',
    ({ operations }) => ({ operations: operations.replace('Facture carte', 'Facture\u0007') }),
    /operations\.csv, line 3: LibelleOperation holds a control character/,
  ],
  [
    'a label of invisible signs',
    ({ operations }) => ({ operations: operations.replace('Facture carte', '\u3164\u200b') }),
    /operations\.csv, line 3: LibelleOperation holds an invisible character/,
  ],
  [
    'a name with a mark of the direction of writing',
    ({ clients }) => ({ clients: clients.replace('Zoé', 'Zoé\u202e') }),
    /clients\.csv, line 2: Prenom holds an invisible character/,
  ],
  ['an empty file', () => ({ operations: '' }), /operations\.csv: there is nothing in this file/],
];

test.each(changes)('%s is named with its file and line, and nothing is written', async (_name, change, message) => {
  const bank = smallBank();
  const files = writeBank(bench.dir, { ...bank, ...change(bank) });
  await expect(bench.run(files)).rejects.toThrow(message);
  await expect(bench.run(files)).rejects.toThrow(/Nothing was imported\.$/);
  expect(await bench.eventCount()).toBe(0);
});

test('a byte order mark and Windows line ends are no mistakes', async () => {
  const { clients, accounts, operations } = smallBank();
  const windows = (text: string): string => `\ufeff${text.replaceAll('\n', '\r\n')}`;
  const files = writeBank(bench.dir, {
    clients: windows(clients),
    accounts: windows(accounts),
    operations: windows(operations),
  });
  expect(await bench.run(files)).toMatchObject({ operations: { added: 3 }, totalMinor: 10_050n });
});

test('a file that is not there is named', async () => {
  const files = { ...sampleBank, operations: '/nowhere/operations.csv' };
  await expect(bench.run(files)).rejects.toThrow('/nowhere/operations.csv: this file does not exist.');
});

test('of many mistakes the first twenty are shown and the others counted', async () => {
  const bank = smallBank();
  const rows = Array.from({ length: 50 }, (_, index) => `${String(index + 10)};"2024-01-05";"1";"Virement";"1,5"\n`);
  const files = writeBank(bench.dir, { ...bank, operations: bank.operations + rows.join('') });
  const error: unknown = await bench.run(files).catch((reason: unknown) => reason);
  const lines = error instanceof Error ? error.message.split('\n') : [];
  expect(lines).toHaveLength(22);
  expect(lines[20]).toBe('… and 30 more.');
});

test('the same numbers with other content stop the import before it writes', async () => {
  const bank = smallBank();
  await bench.run(writeBank(bench.dir, bank));
  const events = await bench.eventCount();
  const altered = {
    ...bank,
    operations: bank.operations.replace('Facture carte', 'Retrait') + '4;"2024-01-08";"1";"Virement";"5"\n',
  };
  await expect(bench.run(writeBank(bench.dir, altered))).rejects.toThrow(
    /operations\.csv, line 3: operation 2 was imported before with other content/,
  );
  expect(await bench.eventCount()).toBe(events);
});

test('an account that exists but was not imported stops the import before it writes', async () => {
  const files = writeBank(bench.dir, smallBank());
  const empty = { ...smallBank(), accounts: smallBank().accounts.split('\n')[0] ?? '', operations: '' };
  await expect(bench.run(writeBank(bench.dir, empty))).rejects.toThrow('nothing in this file');
  await bench.run(
    writeBank(bench.dir, { ...empty, operations: smallBank().operations.split('\n')[0] ?? '' }),
    async ({ bank }) => {
      await bank.bookkeeper.submit({
        command: {
          type: 'OpenAccount',
          account: '2',
          customer: '1',
          accountType: 'current',
          currency: 'EUR',
          floor: 0n,
        },
        commandId: 'opened:elsewhere',
        requestHash: 'h',
        actor: 'terminal',
        terminal: 't1',
        correlationId: 'c',
      });
    },
  );
  const events = await bench.eventCount();
  writeBank(bench.dir, smallBank());
  await expect(bench.run(files)).rejects.toThrow(
    /comptes\.csv, line 3: account 2 exists already, but was not imported/,
  );
  expect(await bench.eventCount()).toBe(events);
});
