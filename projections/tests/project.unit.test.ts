/** What a batch of events adds to the read model. */
import { describe, expect, test } from 'vitest';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import type { MoneyEvent, Recorded } from '../../ledger/src/domain/events.ts';
import { commandKey } from '../../ledger/src/journal/command-key.ts';
import { project } from '../src/project.ts';
import { testBank } from './bank.ts';

const someBank = () => {
  const bank = testBank();
  const [anna, bela] = [
    bank.open({ firstName: 'Anna', lastName: 'Un' }),
    bank.open({ firstName: 'Béla', lastName: 'Deux' }),
  ];
  return { bank, anna, bela };
};

/** The batch with one event's postings changed. */
const altered = (recorded: readonly Recorded[], change: Partial<MoneyEvent['postings'][0]>): Recorded[] =>
  recorded.map((one) => {
    if (!('postings' in one.event)) return one;
    const [first, second] = one.event.postings;
    return { ...one, event: { ...one.event, postings: [{ ...first, ...change }, second] } };
  });

describe('money', () => {
  test('a transfer gives an entry to each account, with the counterparty and the reference', () => {
    const { bank, anna, bela } = someBank();
    bank.deposit(anna, 5000n);
    bank.transfer(anna, bela, 1200n, 'loyer');
    const { entries } = project(bank.recorded.slice(-1));
    expect(entries).toMatchObject([
      { account: anna, version: 2, posting: 0, type: 'transfer_out', amount: -1200n, balanceAfter: 3800n },
      { account: bela, version: 1, posting: 1, type: 'transfer_in', amount: 1200n, balanceAfter: 1200n },
    ]);
    expect(entries.map(({ counterparty, reference }) => [counterparty, reference])).toEqual([
      [bela, 'loyer'],
      [anna, 'loyer'],
    ]);
  });

  test('each account changes once a batch, from its state before to its state after', () => {
    const { bank, anna, bela } = someBank();
    bank.deposit(anna, 5000n);
    const before = bank.recorded.length;
    bank.deposit(anna, 100n);
    bank.transfer(anna, bela, 1000n);
    const { balances, after, position } = project(bank.recorded.slice(before));
    expect({ after, position }).toEqual({ after: before, position: before + 2 });
    expect(balances).toEqual([
      { account: 'cash:ATM-1', before: { version: 1, balance: -5000n }, version: 2, balance: -5100n },
      { account: anna, before: { version: 1, balance: 5000n }, version: 3, balance: 4100n },
      { account: bela, before: { version: 0, balance: 0n }, version: 1, balance: 1000n },
    ]);
  });

  test("adds the bank's own account with its first posting, a customer's with its opening", () => {
    const { bank, anna } = someBank();
    bank.deposit(anna, 5000n);
    bank.deposit(anna, 5000n);
    const { accounts } = project(bank.recorded);
    expect(accounts.map(({ account, customer }) => [account, customer])).toEqual([
      ['1', '1'],
      ['2', '2'],
      ['cash:ATM-1', undefined],
    ]);
    expect(project(bank.recorded.slice(-1)).accounts).toEqual([]);
  });
});

describe('events without money', () => {
  test('gives the last status and lock in the batch', () => {
    const { bank, anna, bela } = someBank();
    const until = '2026-03-01T10:00:00.000Z';
    bank.do({ type: 'FreezeAccount', account: anna, reason: 'why' });
    bank.do({ type: 'LockAccess', account: bela, until });
    bank.do({ type: 'LockAccess', account: anna, until });
    bank.do({ type: 'UnfreezeAccount', account: anna, reason: 'why' });
    bank.do({ type: 'UnlockAccess', account: anna, reason: 'why' });
    bank.do({ type: 'RecordPinChange', account: bela });
    bank.do({ type: 'CloseAccount', account: bela, reason: 'why' });
    const { statuses, locks, accountEvents } = project(bank.recorded.slice(4));
    expect([...statuses]).toEqual([
      [anna, 'open'],
      [bela, 'closed'],
    ]);
    expect([...locks]).toEqual([
      [bela, until],
      [anna, undefined],
    ]);
    expect(accountEvents.map(({ account }) => account)).toEqual([anna, bela, anna, anna, anna, bela, bela]);
  });

  test('what the staff order, propose, decide and have verified gives its key and nothing else', () => {
    const { bank } = someBank();
    const batch = { reason: 'why', count: 1, total: 100n, currency: 'EUR' } as const;
    const proposal = { proposal: 'p', proposer: 'ada', expiresAt: '2026-03-02T10:00:00.000Z' };
    const deciding = { proposal, by: 'bob', at: '2026-03-01T10:00:00.000Z' };
    bank.do({ type: 'OrderBatch', ...batch });
    bank.do({ type: 'ProposeAction', action: 'batch', ...batch, ...proposal, contentHash: 'a' });
    bank.do({ type: 'ApproveAction', ...deciding });
    bank.do({ type: 'RejectAction', ...deciding, reason: 'no' });
    const ended = { verification: 1, verified: 8, outcome: 'passed', differences: {}, differencesHash: 'a' } as const;
    bank.do({ type: 'RecordVerification', ...ended, row: { started_by: 'ada' } });
    const { keys, after, position, totals, ...rest } = project(bank.recorded.slice(4));
    expect([keys.size, after, position]).toEqual([5, 4, 9]);
    expect(totals).toEqual({ days: new Map(), kinds: new Map() });
    expect(Object.values(rest).map((rows) => [...rows])).toEqual(Object.values(rest).map(() => []));
  });

  test('gives each command’s key the position of its first event', () => {
    const { bank } = someBank();
    const { keys, customers } = project(bank.recorded);
    expect([...keys]).toEqual([
      [commandKey('command-1'), 1],
      [commandKey('command-3'), 3],
    ]);
    expect(customers.map(({ customer }) => customer)).toEqual(['1', '2']);
  });
});

describe('throws on a history that contradicts itself', () => {
  const deposits = () => {
    const { bank, anna } = someBank();
    bank.deposit(anna, 5000n);
    bank.deposit(anna, 700n);
    return bank.recorded;
  };

  test('a position left out', () => {
    const recorded = deposits();
    expect(() => project([...recorded.slice(0, 2), ...recorded.slice(3)])).toThrow(BrokenHistory);
  });

  test('a posting left out, booked twice, or with another balance', () => {
    const recorded = deposits();
    const [opening, first, second] = [recorded.slice(0, 4), recorded.slice(4, 5), recorded.slice(5)];
    for (const change of [{ version: 3 }, { version: 1 }, { balance: 1n }]) {
      expect(() => project([...opening, ...first, ...altered(second, change)])).toThrow(BrokenHistory);
    }
    expect(() => project([...opening, ...first, ...second])).not.toThrow();
  });

  test('postings that do not add up to zero', () => {
    expect(() => project(altered(deposits().slice(-1), { amount: -699n, balance: -5699n }))).toThrow('add up to zero');
  });
});
