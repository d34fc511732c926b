/** Every money command against every status, floor and bound: whatever is decided keeps the rules, on both sides. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AccountState, AccountStatus } from '../src/domain/account.ts';
import type { Command } from '../src/domain/commands.ts';
import { decide, isRejection } from '../src/domain/decide.ts';
import type { AccountId, MoneyEvent, Postings } from '../src/domain/events.ts';
import { isMoneyEvent } from '../src/domain/events.ts';
import { largestBalanceMinor } from '../src/domain/money.ts';

const currency = 'EUR';
const statuses: readonly AccountStatus[] = ['open', 'frozen', 'closed'];

/** Sums around every bound there is. */
const nearBounds = fc.oneof(
  fc.constantFrom(
    0n,
    1n,
    2000n,
    1_000_000_000n,
    largestBalanceMinor - 1n,
    largestBalanceMinor,
    largestBalanceMinor + 1n,
  ),
  fc.bigInt(0n, largestBalanceMinor + 1n),
);
const signed = fc.tuple(nearBounds, fc.boolean()).map(([amount, isNegative]) => (isNegative ? -amount : amount));
const balance = signed.map((amount) =>
  amount > largestBalanceMinor ? largestBalanceMinor : amount < -largestBalanceMinor ? -largestBalanceMinor : amount,
);

const accountState = (account: AccountId, floor: bigint | undefined): fc.Arbitrary<AccountState> =>
  fc.record({
    account: fc.constant(account),
    currency: fc.constant(currency),
    balance,
    version: fc.nat(1000),
    status: fc.constantFrom(...statuses),
    floor: floor === undefined ? fc.constantFrom(0n, -50_000n) : fc.constant(floor),
  });

const internal = (account: AccountId) =>
  accountState(account, -largestBalanceMinor).map((state): AccountState => ({ ...state, status: 'open' }));

const postingsOf = (amount: bigint): Postings => [
  { account: '1', amount: -amount, version: 1, balance: -amount },
  { account: '2', amount, version: 1, balance: amount },
];

const commands: fc.Arbitrary<Command> = signed.chain((amount) =>
  fc.constantFrom<Command>(
    { type: 'Deposit', account: '1', terminal: 't', amount, currency },
    { type: 'Withdraw', account: '1', terminal: 't', amount, currency },
    { type: 'Transfer', from: '1', to: '2', amount, currency },
    { type: 'ImportEntry', account: '1', source: 'import', label: 'x', amount, currency },
    { type: 'ReverseEntry', position: 3, postings: postingsOf(amount), currency, reason: 'wrong' },
  ),
);

/** Said a second time, on purpose: history that already happened is the only exception. */
const judged = (type: MoneyEvent['type']): boolean => type !== 'EntryImported';

test('no money event passes a status, a floor or the bound of balances, whatever the command', () => {
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.tuple(
        accountState('1', undefined),
        accountState('2', undefined),
        internal('cash:t'),
        internal('external:import'),
      ),
      commands,
      (states, command) => {
        const accounts = new Map(states.map((state) => [state.account, state]));
        const decision = decide(
          {
            account: (account) => accounts.get(account),
            hasCustomer: () => true,
            isReversed: () => false,
            nextAccount: () => '3',
            nextCustomer: () => '3',
          },
          command,
        );
        if (isRejection(decision)) return;
        accepted += 1;
        const [event] = decision;
        if (!isMoneyEvent(event)) throw new Error('a money command makes a money event');
        expect(event.postings[0].amount + event.postings[1].amount).toBe(0n);
        for (const posting of event.postings) {
          const before = accounts.get(posting.account) as AccountState;
          expect(posting.version).toBe(before.version + 1);
          expect(posting.balance).toBe(before.balance + posting.amount);
          expect(posting.balance).toBeLessThanOrEqual(largestBalanceMinor);
          expect(posting.balance).toBeGreaterThanOrEqual(-largestBalanceMinor);
          if (!judged(event.type)) continue;
          expect(before.status).toBe('open');
          if (posting.amount < 0n) expect(posting.balance).toBeGreaterThanOrEqual(before.floor);
        }
      },
    ),
    { numRuns: 3_000 },
  );
  expect(accepted).toBeGreaterThan(200);
});

test.each(['frozen', 'closed'] as const)('a reversal moves no money from or to an account that is %s', (status) => {
  for (const changed of ['1', '2']) {
    const state = (account: AccountId): AccountState => ({
      account,
      currency,
      balance: 10_000n,
      version: 1,
      status: account === changed ? status : 'open',
      floor: 0n,
    });
    const decision = decide(
      {
        account: state,
        hasCustomer: () => true,
        isReversed: () => false,
        nextAccount: () => '3',
        nextCustomer: () => '3',
      },
      { type: 'ReverseEntry', position: 3, postings: postingsOf(2000n), currency, reason: 'wrong' },
    );
    expect(decision).toEqual({ code: `account_${status}`, account: changed });
  }
});
