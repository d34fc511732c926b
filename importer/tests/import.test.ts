/** The import takes whole banks to the cent, adds nothing twice, and goes on after a kill. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parse } from 'csv-parse/sync';
import { parseAmount } from '../../ledger/src/domain/money.ts';
import { readModel as postgresReadModel } from '../../projections/src/postgres-read-model.ts';
import { postgresPinAuthenticator } from '../../server/src/access/pin-authenticator.ts';
import type { BankFiles } from '../src/bank-files.ts';
import type { ImportBench } from './import.suite.ts';
import { bankIn, depositFive, importBench, sampleBank, smallBank, writeBank } from './import.suite.ts';

const realFolder = fileURLToPath(new URL('../../../shared/data/banque-excellence', import.meta.url));

let bench: ImportBench;
beforeEach(async () => {
  bench = await importBench();
});
afterEach(() => bench.end());

test('the sample bank: everything in, nothing twice, one account that began overdrawn', async () => {
  const report = await bench.run(sampleBank);
  expect(report).toMatchObject({
    customers: { added: 8, alreadyThere: 0 },
    accounts: { added: 12, alreadyThere: 0 },
    operations: { added: 120, alreadyThere: 0 },
    totalMinor: 10_751_258n,
    movedSince: 0,
  });
  const opening = (await bench.history()).find(({ metadata }) => metadata.commandId === 'import:opening:100003');
  expect(opening).toMatchObject({
    event: { postings: [{}, { account: '100003', amount: -21_530n }] },
    metadata: { valueDate: '2024-09-04' },
  });
  const events = await bench.eventCount();
  expect(await bench.run(sampleBank)).toMatchObject({
    customers: { added: 0, alreadyThere: 8 },
    accounts: { added: 0, alreadyThere: 12 },
    operations: { added: 0, alreadyThere: 120 },
  });
  expect(await bench.eventCount()).toBe(events);
  const { rows } = await bench.owner.query('select count(*)::int as keys from vault.customer_keys');
  expect(rows, 'no key without a customer').toEqual([{ keys: 8 }]);
});

test.skipIf(!existsSync(realFolder))(
  'the real bank of 2017: every balance, label and date, its holder and its PIN',
  { timeout: 120_000 },
  async () => {
    const files = bankIn(realFolder);
    const report = await bench.run(files, async ({ bank }) => {
      // `importBank` itself compares every balance with Solde; here is the read model's word on it.
      const readModel = postgresReadModel({ pool: bench.owner });
      expect(await readModel.account('1')).toMatchObject({
        balance: 1_075_378n,
        holder: { firstName: 'Ludovic', lastName: 'Belliard' },
      });
      const pins = postgresPinAuthenticator({ pool: bench.owner, pinKey: bench.secrets.pinKey });
      expect(await pins.check('1', '2527')).toMatchObject({ ok: true });
      const { total } = await readModel.trialBalance();
      expect(total).toBe(0n);
      readModel.close();
      expect(bank.bookkeeper.account('1')?.balance).toBe(1_075_378n);
    });
    expect(report).toMatchObject({
      customers: { added: 65 },
      accounts: { added: 197 },
      operations: { added: 8_871 },
      totalMinor: 939_648_445n,
      movedSince: 0,
    });
    const operation = (await bench.history()).find(({ metadata }) => metadata.commandId === 'import:operation:4');
    expect(operation).toMatchObject({
      event: { label: 'Encaissement chèque 535370', postings: [{}, { account: '150', amount: -27_491n }] },
      metadata: { valueDate: '2017-01-01', actor: 'import:operations.csv:5' },
    });
    expect(await importedHistory()).toEqual(historyIn(files.operations));
    const events = await bench.eventCount();
    expect(await bench.run(files)).toMatchObject({ operations: { added: 0, alreadyThere: 8_871 } });
    expect(await bench.eventCount()).toBe(events);
  },
);

/** Every operation the read model shows, opening balances aside, in the order in which the bank took them. */
async function importedHistory(): Promise<readonly string[]> {
  const { rows } = await bench.owner.query<{ line: string }>(
    `select concat_ws(';', to_char(value_date, 'YYYY-MM-DD'), account, label, amount) as line
     from read.entries where account ~ '^[0-9]' and label <> 'Solde d''ouverture' order by position`,
  );
  return rows.map(({ line }) => line);
}

function historyIn(path: string): readonly string[] {
  const rows = parse(readFileSync(path, 'utf8'), { delimiter: ';', from_line: 2 });
  return rows.map(([, day = '', account = '', label = '', amount = '']) => {
    const amountMinor = parseAmount(amount, 'EUR');
    return [day, account, label, String(amountMinor)].join(';');
  });
}

test('the operations of an account keep the order of the file', async () => {
  await bench.run(sampleBank);
  const numbers = new Map<string, number[]>();
  for (const { event, metadata } of await bench.history()) {
    const [, number] = /^import:operation:(\d+)$/.exec(metadata.commandId) ?? [];
    if (number === undefined || event.type !== 'EntryImported') continue;
    const { account } = event.postings[1];
    numbers.set(account, [...(numbers.get(account) ?? []), Number(number)]);
  }
  expect(numbers.size).toBe(12);
  for (const of of numbers.values()) expect(of).toEqual(of.toSorted((one, other) => one - other));
});

test('a bank that moved since its import is told, and is no error', async () => {
  const files = writeBank(bench.dir, smallBank());
  await bench.run(files, depositFive);
  expect(await bench.run(files)).toMatchObject({ movedSince: 1, totalMinor: 10_550n, accounts: { added: 0 } });
});

test(
  'killed in the middle and run again, the import is whole and nothing is doubled',
  { timeout: 120_000 },
  async () => {
    const bank = smallBank();
    const rows = Array.from(
      { length: 60_000 },
      (_, index) => `${String(index + 10)};"2024-02-01";"${String((index % 2) + 1)}";"Virement";"0.01"\n`,
    );
    const files = writeBank(bench.dir, { ...bank, operations: bank.operations + rows.join('') });
    const first = runScript(files);
    while ((await bench.eventCount()) < 5_000) await new Promise((resolve) => setTimeout(resolve, 10));
    first.kill('SIGKILL');
    await once(first, 'exit');
    const before = await bench.eventCount();
    expect(before).toBeLessThan(60_000);

    const second = runScript(files);
    const [code] = (await once(second, 'exit')) as [number | null];
    expect(code).toBe(0);
    // One customer, two accounts, two openings, and the operations.
    expect(await bench.eventCount()).toBe(1 + 2 + 2 + 60_003);
    const commands = (await bench.history()).map(({ metadata }) => metadata.commandId);
    expect(new Set(commands).size).toBe(commands.length);
    const { rows: balances } = await bench.owner.query<{ balance: string }>(
      `select balance::text from read.balances where account in ('1', '2') order by account`,
    );
    expect(balances.map(({ balance }) => balance)).toEqual(['10050', '0']);
  },
);

function runScript({ clients, accounts, operations }: BankFiles): ReturnType<typeof spawn> {
  const script = fileURLToPath(new URL('../../scripts/import.ts', import.meta.url));
  const files = ['--clients', clients, '--accounts', accounts, '--operations', operations];
  return spawn(process.execPath, [script, ...files], {
    stdio: 'ignore',
    env: {
      ...process.env,
      DATABASE_URL: bench.url,
      STATE_DIR: bench.dir,
      EVENT_LOG_URL: bench.eventLog.eventLogUrl ?? '',
      LEDGER: bench.eventLog.ledger,
    },
  });
}
