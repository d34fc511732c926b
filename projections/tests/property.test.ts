/** For random histories the read model gives what folding the events gives. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { accountsOf } from '../../ledger/src/domain/account.ts';
import type { Command } from '../../ledger/src/domain/commands.ts';
import { isMoneyEvent } from '../../ledger/src/domain/events.ts';
import { readModel } from '../src/postgres-read-model.ts';
import { keyIndex } from '../src/queries/key-index.ts';
import type { Entry } from '../src/read-model.ts';
import type { TestBank } from './bank.ts';
import { testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { readModelDatabase } from './read-model-database.ts';

let database: ReadModelDatabase;

beforeAll(async () => {
  database = await readModelDatabase();
});

afterAll(async () => {
  await database.drop();
});

type Step = Command | { readonly type: 'Reverse'; readonly nth: number };

const [account, amount] = [fc.constantFrom('1', '2', '3', '4'), fc.bigInt(1n, 100_000n)];
const text = fc.string({ unit: 'binary', maxLength: 12 });
const one = <T extends string>(type: T) => fc.constant(type);
const [currency, reason] = [fc.constant('EUR' as const), one('why')];
const terminal = fc.constantFrom('ATM-1', 'ATM-2');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      type: one('OpenAccount'),
      customer: fc.record({
        keyId: one('00000000-0000-4000-9000-000000000001'),
        profile: one('{"firstName":"Anna","lastName":"Un"}'),
      }),
      accountType: fc.constantFrom('current' as const, 'savings' as const),
      currency,
      floor: fc.constantFrom(0n, -50_000n),
    }),
  },
  { weight: 6, arbitrary: fc.record({ type: one('Deposit'), account, amount, currency, terminal }) },
  { weight: 3, arbitrary: fc.record({ type: one('Withdraw'), account, amount, currency, terminal }) },
  {
    weight: 6,
    arbitrary: fc.record({ type: one('Transfer'), from: account, to: account, amount, currency, reference: text }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: one('ImportEntry'),
      source: fc.constantFrom('csv', 'old "bank"'),
      label: text,
      account,
      amount: fc.bigInt(-100_000n, 100_000n),
      currency,
    }),
  },
  { weight: 2, arbitrary: fc.record({ type: one('Reverse'), nth: fc.nat(20) }) },
  fc.record({ type: fc.constantFrom('FreezeAccount', 'UnfreezeAccount', 'CloseAccount'), account, reason }),
  fc.record({ type: one('LockAccess'), account, until: one('2026-03-01T10:00:00.000Z') }),
  fc.record({ type: one('UnlockAccess'), account, reason }),
  fc.record({ type: one('RecordPinChange'), account }),
);

function run(steps: readonly Step[]): TestBank {
  const bank = testBank();
  for (const given of steps) {
    if (given.type !== 'Reverse') {
      bank.do(given);
      continue;
    }
    const reversible = bank.recorded.filter(({ event }) => isMoneyEvent(event));
    const chosen = reversible[given.nth % Math.max(reversible.length, 1)];
    if (chosen !== undefined && isMoneyEvent(chosen.event)) {
      const { postings, currency } = chosen.event;
      bank.do({ type: 'ReverseEntry', position: chosen.position, postings, currency, reason: 'why' });
    }
  }
  return bank;
}

/** What the events say of an account's entries, oldest first. */
function entriesOf({ recorded }: TestBank, account: string): Partial<Entry>[] {
  return recorded.flatMap(({ position, event, metadata: { recordedAt, valueDate } }) => {
    if (!isMoneyEvent(event)) return [];
    return event.postings.flatMap((posting, index) => {
      if (posting.account !== account) return [];
      const { version, amount, balance: balanceAfter } = posting;
      const entryId = `${String(position)}.${String(index)}`;
      return [{ entryId, account, version, position, recordedAt, valueDate, amount, balanceAfter }];
    });
  });
}

const migration = readFileSync(new URL('../migrations/0007_totals.sql', import.meta.url), 'utf8');
const filling = migration.slice(migration.indexOf('with reversed_transfers'));
const keptTotals = `
  select t::text as row from read.daily_totals t union all select t::text from read.kind_totals t
  union all select t::text from read.status_totals t order by row`;

const emptied = `
  truncate read.customers, read.accounts, read.balances, read.entries, read.account_events, read.idempotency_keys,
    read.daily_totals, read.kind_totals, read.status_totals;
  update read.checkpoint set position = 0`;

test(
  'balances, entries, positions and keys are those that follow from the events',
  { timeout: 240_000, retry: 0 },
  async () => {
    const known = readModel({ pool: database.pool });
    const history = fc.array(step, { minLength: 1, maxLength: 80, size: 'max' });
    const property = fc.asyncProperty(history, fc.integer({ min: 1, max: 40 }), async (steps, batchSize) => {
      const bank = run(steps);
      await database.pool.query(emptied);
      await database.apply(bank.recorded, batchSize);

      expect(await known.position()).toBe(bank.recorded.length);
      for (const state of bank.accounts.values()) {
        const { account } = state;
        expect(await known.account(account)).toMatchObject(state);
        const all: Entry[] = [];
        for await (const page of known.allEntries(account)) all.push(...page);
        const expected = entriesOf(bank, account);
        expect(all).toMatchObject(expected);
        const newest = await known.entries(account, { limit: 3, before: state.version });
        expect(newest).toEqual(all.slice(0, -1).slice(-3).reverse());

        const positions = bank.recorded.filter(({ event }) => accountsOf(event).includes(account));
        const after = Math.floor(bank.recorded.length / 2);
        expect(await known.eventPositions(account, { after, limit: 7 })).toEqual(
          positions
            .map(({ position }) => position)
            .filter((position) => position > after)
            .slice(0, 7),
        );

        const moment = bank.recorded[after]?.metadata.recordedAt ?? '';
        const until = all.filter(({ recordedAt }) => recordedAt <= moment);
        expect(await known.versionAt(account, Date.parse(moment))).toBe(until.at(-1)?.version ?? 0);
      }
      const { accounts, total } = await known.trialBalance();
      expect(total).toBe(0n);
      expect(accounts.reduce((sum, kind) => sum + kind.accounts, 0)).toBe(bank.accounts.size);
      const balances = new Map<string, bigint>();
      for (const { account, balance } of bank.accounts.values()) {
        const kind = /^\d/.test(account) ? 'customer' : account.slice(0, account.indexOf(':'));
        balances.set(kind, (balances.get(kind) ?? 0n) + balance);
      }
      expect(new Map(accounts.map(({ kind, balance }) => [kind, balance]))).toEqual(balances);
      // What the projector kept is what a scan of everything finds, as the migration does that filled it.
      const kept = (await database.pool.query(keptTotals)).rows;
      await database.pool.query(`truncate read.daily_totals, read.kind_totals, read.status_totals; ${filling}`);
      expect((await database.pool.query(keptTotals)).rows).toEqual(kept);

      const ids = [...bank.recorded.map(({ metadata }) => metadata.commandId), 'unknown'];
      const { checkpoint, positions } = await keyIndex({ pool: database.pool }).lookUp(ids);
      expect(checkpoint).toBe(bank.recorded.length);
      expect(positions).toEqual(
        new Map(bank.recorded.toReversed().map(({ metadata, position }) => [metadata.commandId, position])),
      );
    });
    await fc.assert(property, { numRuns: 100 });
  },
);
