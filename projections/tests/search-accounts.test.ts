/** The search gives, page by page, what a look at every single account gives: for every combination of words and filters. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AccountStatus } from '../../ledger/src/domain/account.ts';
import { accountStatuses } from '../../ledger/src/domain/account.ts';
import type { AccountType } from '../../ledger/src/domain/events.ts';
import { accountTypes } from '../../ledger/src/domain/events.ts';
import { readModel } from '../src/postgres-read-model.ts';
import { testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { readModelDatabase } from './read-model-database.ts';

type Known = {
  readonly account: string;
  readonly name: string;
  readonly type: AccountType;
  readonly status: AccountStatus;
};

let database: ReadModelDatabase;
let known: ReturnType<typeof readModel>;
const accounts: Known[] = [];

const firstNames = ['Zoé', 'Işık', 'Jean', 'Anna'];
const lastNames = ['Martin', 'Çelik', 'Martinez'];

beforeAll(async () => {
  database = await readModelDatabase();
  known = readModel({ pool: database.pool });
  const bank = testBank();
  for (let n = 0; n < 60; n++) {
    const firstName = firstNames[n % firstNames.length] ?? '';
    const lastName = lastNames[n % lastNames.length] ?? '';
    const type = accountTypes[(n * 7) % accountTypes.length] ?? 'current';
    const account = bank.open({ firstName, lastName }, type);
    // In no step with the names: every filter finds its accounts after the first page too.
    const status: AccountStatus = n % 11 === 0 ? 'frozen' : n % 13 === 0 ? 'closed' : 'open';
    if (status === 'frozen') bank.do({ type: 'FreezeAccount', account, reason: 'why' });
    if (status === 'closed') bank.do({ type: 'CloseAccount', account, reason: 'why' });
    accounts.push({ account, name: `${firstName} ${lastName}`, type, status });
  }
  await database.apply(bank.recorded, 50);
});
afterAll(async () => {
  known.close();
  await database.drop();
});

/** What each search means, said without the search's own code. */
const searches: readonly (readonly [string | undefined, (account: Known) => boolean])[] = [
  [undefined, () => true],
  ['zoe', ({ name }) => name.startsWith('Zoé')],
  ['ISIK', ({ name }) => name.startsWith('Işık')],
  ['martin', ({ name }) => name.includes('Martin')],
  ['martin anna', ({ name }) => name.startsWith('Anna Martin')],
  ['savings', ({ type }) => type === 'savings'],
  ['home savings', ({ type }) => type === 'home_savings'],
  ['12', ({ account }) => account === '12'],
  ['nobody', () => false],
];
const combinations = searches.flatMap(([query, matches]) =>
  [undefined, ...accountStatuses].flatMap((status) =>
    [undefined, ...accountTypes].map((type) => ({ query, matches, status, type })),
  ),
);

test.each([1, 4, 60])('in pages of %i', async (limit) => {
  for (const { query, matches, status, type } of combinations) {
    const expected = accounts
      .filter(matches)
      .filter((one) => (status === undefined || one.status === status) && (type === undefined || one.type === type))
      .map(({ account }) => account);
    const found: string[] = [];
    for (let after: string | undefined; ;) {
      const page = await known.searchAccounts({
        limit,
        ...(query !== undefined && { query }),
        ...(status !== undefined && { status }),
        ...(type !== undefined && { type }),
        ...(after !== undefined && { after }),
      });
      expect(page.length).toBeLessThanOrEqual(limit);
      found.push(...page.map(({ account }) => account));
      if (page.length < limit) break;
      after = found.at(-1);
    }
    expect(found, JSON.stringify({ query, status, type })).toEqual(expected);
  }
});
