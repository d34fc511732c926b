/** What the read model answers: pages, searches, waiting, keys and the trial balance. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readModel } from '../src/postgres-read-model.ts';
import { keyIndex } from '../src/queries/key-index.ts';
import type { Entry } from '../src/read-model.ts';
import type { TestBank } from './bank.ts';
import { testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { eventually, readModelDatabase } from './read-model-database.ts';

let database: ReadModelDatabase;
let bank: TestBank;
let known: ReturnType<typeof readModel>;

beforeAll(async () => {
  database = await readModelDatabase();
  known = readModel({ pool: database.pool });
  bank = testBank();
  bank.open({ firstName: 'Éloïse', lastName: 'Müller-Çelik' });
  bank.open({ firstName: 'Ludovic', lastName: 'Belliard' }, 'savings');
  for (let n = 3; n <= 12; n += 1) bank.open({ firstName: 'Zoé', lastName: `Numéro${String(n)}` });
  bank.do({
    type: 'OpenAccount',
    account: '100',
    customer: '2',
    accountType: 'home_savings',
    currency: 'EUR',
    floor: 0n,
  });
  bank.deposit('1', 1_000_000n);
  for (let n = 0; n < 2500; n += 1) bank.transfer('1', '2', 1n);
  bank.do({ type: 'FreezeAccount', account: '2', reason: 'why' });
  bank.do({ type: 'UnfreezeAccount', account: '2', reason: 'why' });
  bank.transfer('1', '2', 1n);
  await database.apply(bank.recorded, 500);
});

afterAll(async () => {
  known.close();
  await database.drop();
});

const numbers = async (query?: string, after?: string, limit = 100): Promise<string[]> => {
  const found = await known.searchAccounts({
    ...(query !== undefined && { query }),
    ...(after !== undefined && { after }),
    limit,
  });
  return found.map(({ account }) => account);
};

describe('searching accounts', () => {
  test.each([
    ['belliard', ['2', '100']],
    ['LIAR', ['2', '100']],
    ['Belliard Ludovic', ['2', '100']],
    ['eloise', ['1']],
    ['MÜLLER', ['1']],
    ['muller-celik', ['1']],
    ['ludovic muller', []],
    ['12', ['12']],
    ['100', ['100']],
    ['13', []],
    ['savings', ['2']],
    ['home_savings', ['100']],
    ['Home savings', ['100']],
    ['cash:ATM-1', []],
    ['%', []],
    ['_____', []],
    ['', []],
  ])('finds by "%s"', async (query, expected) => {
    expect(await numbers(query)).toEqual(expected);
  });

  test('without a query gives all customers’ accounts in the order of their numbers', async () => {
    expect(await numbers()).toEqual([...Array.from({ length: 12 }, (_, index) => String(index + 1)), '100']);
  });

  test('a page begins after the last number of the one before', async () => {
    expect(await numbers(undefined, '9', 3)).toEqual(['10', '11', '12']);
    expect(await numbers(undefined, '12', 3)).toEqual(['100']);
    expect(await numbers('zoé', '4', 2)).toEqual(['5', '6']);
    expect(await numbers('savings', '2')).toEqual([]);
    expect(await numbers('12', '12')).toEqual([]);
  });
});

describe('entries', () => {
  test('pages, newest first, join without a gap', async () => {
    const seen: Entry[] = [];
    for (let before: number | undefined; before !== 1;) {
      const page = await known.entries('2', { limit: 400, ...(before !== undefined && { before }) });
      seen.push(...page);
      before = page.at(-1)?.version ?? 1;
    }
    expect(seen.map(({ version }) => version)).toEqual(Array.from({ length: 2501 }, (_, index) => 2501 - index));
    expect(seen[0]?.balanceAfter).toBe(2501n);
  });

  test('gives all entries in pages, as of the moment of asking', async () => {
    const pages: number[] = [];
    for await (const page of known.allEntries('2')) {
      if (pages.length === 0) {
        const before = bank.recorded.length;
        bank.transfer('1', '2', 1n);
        await database.apply(bank.recorded.slice(before), 1);
      }
      pages.push(page.length);
    }
    expect(pages).toEqual([1000, 1000, 501]);
    const last: number[] = [];
    for await (const page of known.allEntries('2', 2_500)) last.push(...page.map(({ version }) => version));
    expect(last).toEqual([2_500, 2_501, 2_502]);
  });

  test('gives none for an unknown account', async () => {
    expect(await known.entries('999', { limit: 5 })).toEqual([]);
    for await (const _page of known.allEntries('999')) throw new Error('there should be no page');
    expect(await known.eventPositions('999', { after: 0, limit: 5 })).toEqual([]);
  });
});

test('positions of events with and without postings come in one order, after any position', async () => {
  const opened = bank.recorded.findIndex(({ event }) => event.type === 'AccountOpened' && event.account === '2') + 1;
  const frozen = bank.recorded.findIndex(({ event }) => event.type === 'AccountFrozen') + 1;
  expect(await known.eventPositions('2', { after: 0, limit: 3 })).toEqual([opened, 27, 28]);
  expect(await known.eventPositions('2', { after: frozen - 2, limit: 4 })).toEqual([
    frozen - 1,
    frozen,
    frozen + 1,
    frozen + 2,
  ]);
  expect(await known.eventPositions('2', { after: bank.recorded.length, limit: 4 })).toEqual([]);
});

test('the trial balance gives each kind of account, and adds up to zero', async () => {
  const { position, accounts, total } = await known.trialBalance();
  expect({ position, total }).toEqual({ position: bank.recorded.length, total: 0n });
  expect(accounts).toEqual([
    { kind: 'cash', accounts: 1, balance: -1_000_000n },
    { kind: 'customer', accounts: 13, balance: 1_000_000n },
  ]);
});

test('finds keys with their command’s position, and gives the checkpoint', async () => {
  const keys = keyIndex({ pool: database.pool });
  const checkpoint = bank.recorded.length;
  expect(await keys.lookUp(['command-3', 'nobody', 'command-1'])).toEqual({
    checkpoint,
    positions: new Map([
      ['command-3', 3],
      ['command-1', 1],
    ]),
  });
  expect(await keys.lookUp([])).toEqual({ checkpoint, positions: new Map() });
});

describe('waiting for a position', () => {
  const appendOne = async (): Promise<void> => {
    bank.transfer('1', '2', 1n);
    await database.apply(bank.recorded.slice(-1), 1);
  };

  test('ends at once when the position is reached already', async () => {
    expect(await known.waitFor(bank.recorded.length, 10_000)).toBe(true);
    expect(await known.waitFor(0, 10_000)).toBe(true);
  });

  test('ends when the read model reaches the position', async () => {
    const next = bank.recorded.length + 1;
    let early = false;
    const both = Promise.all([known.waitFor(next, 10_000), known.waitFor(next + 1, 10_000)]);
    void both.then(() => (early = true));
    await appendOne();
    expect(await known.waitFor(next, 10_000)).toBe(true);
    expect(early).toBe(false);
    await appendOne();
    expect(await both).toEqual([true, true]);
  });

  test('ends when the time runs out', async () => {
    const before = performance.now();
    expect(await known.waitFor(bank.recorded.length + 1, 100)).toBe(false);
    expect(performance.now() - before).toBeGreaterThan(95);
  });

  test('survives a lost connection', async () => {
    const waited = known.waitFor(bank.recorded.length + 1, 10_000);
    await eventually(async () => (await endListeners()) > 0);
    await appendOne();
    expect(await waited).toBe(true);
    const again = known.waitFor(bank.recorded.length + 1, 10_000);
    await appendOne();
    expect(await again).toBe(true);
  });

  test('serves ten thousand at once, and no more', async () => {
    const next = bank.recorded.length + 1;
    const waits = Array.from({ length: 10_000 }, () => known.waitFor(next, 20_000));
    expect(await known.waitFor(next, 20_000)).toBe(false);
    await appendOne();
    expect(new Set(await Promise.all(waits))).toEqual(new Set([true]));
  });

  test('ends for everybody when it is closed', async () => {
    const other = readModel({ pool: database.pool });
    const waited = other.waitFor(bank.recorded.length + 1, 10_000);
    other.close();
    expect(await waited).toBe(false);
    expect(await other.waitFor(0, 10_000)).toBe(false);
  });

  async function endListeners(): Promise<number> {
    const { rows } = await database.pool.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where query = 'listen read_model' and datname = current_database()`,
    );
    return rows.length;
  }
});
