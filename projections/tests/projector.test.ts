/** The projector against a real PostgreSQL: every event is applied once, whatever interrupts it. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import type { CustomerRegistered } from '../../ledger/src/domain/events.ts';
import { applicationNames } from '../../ledger/src/postgres-names.ts';
import { decryptNames } from '../src/customer-names.ts';
import { progress } from '../src/queries/progress.ts';
import { readModel } from '../src/postgres-read-model.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import type { TestBank } from './bank.ts';
import { testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { eventually, readModelDatabase } from './read-model-database.ts';

let database: ReadModelDatabase;

beforeEach(async () => {
  database = await readModelDatabase();
});

afterEach(async () => {
  await database.drop();
});

/** A bank to which everything happened that can. */
function eventfulBank(): TestBank {
  const bank = testBank();
  const anna = bank.open({ firstName: 'Anna', lastName: 'Un' });
  const bela = bank.open({ firstName: 'Béla', lastName: 'Deux' }, 'savings');
  bank.do({
    type: 'OpenAccount',
    customer: '1',
    account: '70',
    accountType: 'savings',
    currency: 'EUR',
    floor: -5000n,
  });
  bank.deposit(anna, 10_000n);
  bank.do({ type: 'Withdraw', account: anna, amount: 2000n, currency: 'EUR', terminal: 'ATM-2' });
  bank.transfer(anna, bela, 3000n, 'loyer "mars"\n{a\\b}, NULL');
  bank.transfer(bela, anna, 100n);
  bank.do(
    { type: 'ImportEntry', source: 'csv', label: 'Achat, CB', account: bela, amount: -55n, currency: 'EUR' },
    { valueDate: '2017-01-31', recordedAt: '2026-03-05T23:30:00.123Z' },
  );
  const transfer = bank.recorded[8];
  if (transfer?.event.type !== 'Transferred') throw new Error('a transfer was expected');
  const { postings } = transfer.event;
  bank.do({ type: 'ReverseEntry', position: 9, postings, currency: 'EUR', reason: 'erreur' });
  bank.do({ type: 'FreezeAccount', account: bela, reason: 'why' });
  bank.do({ type: 'UnfreezeAccount', account: bela, reason: 'why' });
  bank.do({ type: 'LockAccess', account: bela, until: '2026-03-01T10:00:00.000Z' });
  bank.do({ type: 'LockAccess', account: anna, until: '2026-03-01T10:00:00.000Z' });
  bank.do({ type: 'UnlockAccess', account: anna, reason: 'why' });
  bank.do({ type: 'RecordPinChange', account: anna });
  bank.do({ type: 'FreezeAccount', account: anna, reason: 'why' });
  bank.do({ type: 'CloseAccount', account: '70', reason: 'why' });
  return bank;
}

test('applies every kind of event', async () => {
  const bank = eventfulBank();
  await database.write(bank);
  database.startProjector();
  await database.caughtUp();

  const known = readModel({ pool: database.pool });
  expect(new Set(bank.recorded.map(({ event }) => event.type)).size).toBe(13);
  expect(await known.account('1')).toEqual({
    account: '1',
    kind: 'customer',
    currency: 'EUR',
    balance: 5000n,
    version: 5,
    status: 'frozen',
    floor: 0n,
    customer: '1',
    accountType: 'current',
    holder: { firstName: 'Anna', lastName: 'Un' },
    openedAt: bank.recorded[0]?.metadata.recordedAt,
  });
  expect(await known.account('2')).toMatchObject({ status: 'open', lockedUntil: '2026-03-01T10:00:00.000Z' });
  expect(await known.account('70')).toMatchObject({ status: 'closed', floor: -5000n, customer: '1' });
  expect(await known.account('cash:ATM-2')).toEqual({
    account: 'cash:ATM-2',
    kind: 'internal',
    currency: 'EUR',
    balance: 2000n,
    version: 1,
    status: 'open',
    floor: -(2n ** 62n),
  });
  expect(await known.account('71')).toBeUndefined();

  const entries = await known.entries('2', { limit: 10 });
  expect(entries.map(({ type, label, amount, balanceAfter }) => [type, label, amount, balanceAfter])).toEqual([
    ['reversal', 'Contre-passation', 100n, 2945n],
    ['imported', 'Achat, CB', -55n, 2845n],
    ['transfer_out', 'Virement vers 1', -100n, 2900n],
    ['transfer_in', 'Virement de 1', 3000n, 3000n],
  ]);
  expect(entries[1]).toEqual({
    entryId: '10.1',
    account: '2',
    version: 3,
    position: 10,
    type: 'imported',
    recordedAt: '2026-03-05T23:30:00.123Z',
    valueDate: '2017-01-31',
    label: 'Achat, CB',
    amount: -55n,
    balanceAfter: 2845n,
    currency: 'EUR',
  });
  expect(entries[3]).toMatchObject({ counterparty: '1', reference: 'loyer "mars"\n{a\\b}, NULL' });
  expect((await known.entries('1', { limit: 10 })).map(({ label }) => label)).toContain('Dépôt');
  expect((await known.entries('cash:ATM-2', { limit: 10 })).map(({ label }) => label)).toEqual(['Retrait']);
  known.close();
});

test('gives the same rows for any batch size', async () => {
  const bank = eventfulBank();
  await database.apply(bank.recorded, 1);
  const one = await database.content();
  expect(one['entries']).toHaveLength(12);
  for (const size of [2, 5, 1000]) {
    const other = await readModelDatabase();
    await other.apply(bank.recorded, size);
    expect(await other.content()).toEqual(one);
    await other.drop();
  }
});

test('keeps the account and drops the name when the key is destroyed, before projecting or after', async () => {
  const bank = testBank();
  const account = bank.open({ firstName: 'Anna', lastName: 'Un' });
  await database.apply(bank.recorded, 10);
  const known = readModel({ pool: database.pool });
  expect(await known.account(account)).toHaveProperty('holder');

  await database.pool.query('delete from vault.customer_keys');
  expect(await known.account(account)).toMatchObject({ customer: '1' });
  expect(await known.account(account)).not.toHaveProperty('holder');
  expect(await known.searchAccounts({ query: 'Anna', limit: 10 })).toEqual([]);
  known.close();

  const rows = await decryptNames([registered(bank)], () => Promise.resolve([undefined]));
  expect(rows).toEqual([]);
});

function registered({ recorded }: TestBank): CustomerRegistered {
  const [event] = recorded.map(({ event }) => event);
  if (event?.type !== 'CustomerRegistered') throw new Error('a customer was expected');
  return event;
}

test('goes on where it stopped, and follows while events come', async () => {
  const bank = testBank();
  const [anna, bela] = [
    bank.open({ firstName: 'Anna', lastName: 'Un' }),
    bank.open({ firstName: 'Béla', lastName: 'Deux' }),
  ];
  bank.deposit(anna, 100_000n);
  for (let round = 0; round < 4; round += 1) {
    const projector = database.startProjector();
    for (let n = 0; n < 50; n += 1) {
      bank.transfer(anna, bela, 1n);
      await database.write(bank);
    }
    await projector.stop();
    for (let n = 0; n < 2000; n += 1) bank.transfer(anna, bela, 1n);
    await database.write(bank);
  }
  database.startProjector();
  await database.caughtUp();
  const projected = await database.content();

  const fresh = await readModelDatabase();
  await fresh.apply(bank.recorded, 5000);
  expect(projected).toEqual(await fresh.content());
  await fresh.drop();
});

test('reconnects after a lost connection, and applies nothing twice', async () => {
  const bank = testBank();
  const [anna, bela] = [
    bank.open({ firstName: 'Anna', lastName: 'Un' }),
    bank.open({ firstName: 'Béla', lastName: 'Deux' }),
  ];
  bank.deposit(anna, 100_000n);
  database.startProjector();
  for (let round = 0; round < 10; round += 1) {
    for (let n = 0; n < 700; n += 1) bank.transfer(anna, bela, 1n);
    await database.write(bank);
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where application_name = $1 and datname = current_database()`,
      [applicationNames.projector],
    );
    expect(rows.length).toBeLessThanOrEqual(1);
  }
  await database.caughtUp();
  const { rows } = await database.pool.query<{ n: string }>('select count(*) as n from read.entries');
  expect(Number(rows[0]?.n)).toBe(2 * (bank.recorded.length - 4));
});

test('one of two projectors works; the other takes over when it stops', async () => {
  const bank = testBank();
  const anna = bank.open({ firstName: 'Anna', lastName: 'Un' });
  await database.write(bank);
  const first = database.startProjector();
  await eventually(() => first.state === 'working');
  const second = database.startProjector();
  await eventually(() => second.state === 'standing by');
  bank.deposit(anna, 5n);
  await database.write(bank);
  await database.caughtUp();
  expect(second.state).toBe('standing by');

  await first.stop();
  await eventually(() => second.state === 'working');
  bank.deposit(anna, 5n);
  await database.write(bank);
  await database.caughtUp();
});

test('stops at a journal that does not continue the read model, and writes why beside the checkpoint', async () => {
  const bank = testBank();
  const anna = bank.open({ firstName: 'Anna', lastName: 'Un' });
  bank.deposit(anna, 500n);
  await database.apply(bank.recorded, 10);
  bank.deposit(anna, 500n);
  await database.write(bank);
  const before = await database.content();

  await database.pool.query(`update read.balances set version = version + 1 where account = '1'`);
  await expect(database.startProjector().ended).rejects.toThrow(BrokenHistory);
  expect((await progress(database.pool)).halted).toBe(
    'after position 3: account 1 is at posting 2, but the journal goes on from 1',
  );

  await database.pool.query(`update read.balances set version = version - 1, balance = 7 where account = '1'`);
  await expect(database.startProjector().ended).rejects.toThrow('another balance');

  await database.pool.query(`update read.balances set balance = 500 where account = '1'`);
  expect(await database.content()).toEqual(before);
  database.startProjector();
  await database.caughtUp();
  expect(await progress(database.pool)).not.toHaveProperty('halted');
});

test.skipIf(testEventLog().eventLogUrl !== undefined)(
  'waits at an event that cannot be read, names it beside the checkpoint, and goes on once it is mended',
  async () => {
    const bank = testBank();
    const anna = bank.open({ firstName: 'Anna', lastName: 'Un' });
    for (let n = 0; n < 5; n++) bank.deposit(anna, 500n);
    await database.write(bank);
    const damage = async (column: 'data' | 'metadata' | 'type', value: string): Promise<string> => {
      const { rows } = await database.pool.query<{ was: string }>(
        `select ${column} as was from journal.events where position = 5`,
      );
      await setColumn(column, value);
      return rows[0]?.was ?? '';
    };
    // The journal refuses changes, even the owner's: this is what a defect of a disk would do.
    const setColumn = async (column: string, value: string): Promise<void> => {
      const client = await database.pool.connect();
      await client.query('alter table journal.events disable trigger user');
      await client.query(`update journal.events set ${column} = $1 where position = 5`, [value]);
      await client.query('alter table journal.events enable trigger user');
      client.release();
    };
    for (const [column, value, reason] of [
      ['data', '{"currency":', 'not_json'],
      ['type', 'Forgotten', 'unknown_type'],
      ['data', '{"currency":"EUR"}', 'wrong_shape'],
    ] as const) {
      await database.pool.query('update read.checkpoint set unreadable_position = null, unreadable_reason = null');
      const was = await damage(column, value);
      const projector = database.startProjector();
      await eventually(async () => (await progress(database.pool)).unreadable !== undefined);
      // Everything before it is there.
      expect(await progress(database.pool)).toMatchObject({ position: 4, unreadable: { position: 5, reason } });
      await setColumn(column, was);
      await eventually(async () => (await progress(database.pool)).position === bank.recorded.length);
      expect(await progress(database.pool)).not.toHaveProperty('unreadable');
      await projector.stop();
      await database.pool.query(
        `truncate ${['customers', 'accounts', 'balances', 'entries', 'account_events', 'idempotency_keys'].map((table) => `read.${table}`).join(', ')}`,
      );
      await database.pool.query('update read.checkpoint set position = 0');
    }
  },
);

test('stops at a status of an account never opened, and at an account opened twice', async () => {
  const bank = testBank();
  const anna = bank.open({ firstName: 'Anna', lastName: 'Un' });
  bank.do({ type: 'FreezeAccount', account: anna, reason: 'why' });
  await database.write(bank);
  await database.apply(bank.recorded, 10);
  await database.pool.query('update read.checkpoint set position = 2');
  await database.pool.query(`delete from read.account_events; delete from read.accounts; delete from read.balances`);
  await expect(database.startProjector().ended).rejects.toThrow('account 1 was never opened');
  await database.pool.query('update read.checkpoint set position = 0');
  await expect(database.startProjector().ended).rejects.toThrow(BrokenHistory);
});

test('stops at a journal shorter than the read model', async () => {
  await database.pool.query('update read.checkpoint set position = 9');
  await expect(database.startProjector().ended).rejects.toThrow('the journal ends at 0');
});
