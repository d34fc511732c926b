/** What the bank decides, as given events, when a command, then events or a rejection. */
import { describe, expect, test } from 'vitest';
import { liveBook } from '../src/bookkeeper/book.ts';
import type { Command } from '../src/domain/commands.ts';
import { decide, isRejection } from '../src/domain/decide.ts';
import type { AccountId, LedgerEvent, Posting } from '../src/domain/events.ts';
import type { RejectionCode } from '../src/domain/rejections.ts';
import { rejectionCodes } from '../src/domain/rejections.ts';

const currency = 'EUR';
const registered = (customer: string): LedgerEvent => ({
  type: 'CustomerRegistered',
  customer,
  keyId: '00000000-0000-4000-8000-000000000001',
  profile: 'p',
});
const opened = (account: AccountId, floor = 0n): LedgerEvent => ({
  type: 'AccountOpened',
  account,
  customer: '1',
  accountType: 'current',
  currency,
  floor,
});
const frozen = (account: AccountId): LedgerEvent => ({ type: 'AccountFrozen', account, reason: 'asked for' });
const closed = (account: AccountId): LedgerEvent => ({ type: 'AccountClosed', account, reason: 'asked for' });
const line = (account: AccountId, amount: bigint, version: number, balance: bigint): Posting => ({
  account,
  amount,
  version,
  balance,
});
/** A deposit on an account, from a terminal of its own. */
const deposited = (account: AccountId, amount: bigint, version = 1, balance = amount): LedgerEvent => ({
  type: 'Deposited',
  currency,
  postings: [line(`cash:of-${account}`, -amount, 1, -amount), line(account, amount, version, balance)],
});

/** Given events, when a command, then what is decided. */
function given(...events: readonly LedgerEvent[]) {
  const book = liveBook();
  for (const event of events) book.apply(event);
  return {
    when: (command: Command) => {
      const decision = decide(book, command);
      return {
        then: (...expected: readonly LedgerEvent[]): void => {
          expect(decision).toEqual(expected);
        },
        thenRejected: (code: RejectionCode, account?: AccountId): void => {
          expect(isRejection(decision)).toBe(true);
          expect(decision).toEqual(account === undefined ? { code } : { code, account });
        },
      };
    },
  };
}

const deposit = (account: AccountId, amount: bigint): Command => ({
  type: 'Deposit',
  account,
  amount,
  currency,
  terminal: 't',
});
const withdraw = (account: AccountId, amount: bigint): Command => ({
  type: 'Withdraw',
  account,
  amount,
  currency,
  terminal: 't',
});
const transfer = (from: AccountId, to: AccountId, amount: bigint): Command => ({
  type: 'Transfer',
  from,
  to,
  amount,
  currency,
});

describe('opening an account', () => {
  const sealed = { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' };
  const terms = { accountType: 'savings', currency, floor: 0n } as const;

  test('registers a new customer and opens the next account number, in one decision', () => {
    given(registered('4'), opened('17'))
      .when({ type: 'OpenAccount', customer: sealed, ...terms })
      .then(
        { type: 'CustomerRegistered', customer: '5', ...sealed },
        { type: 'AccountOpened', account: '18', customer: '5', ...terms },
      );
  });
  test('opens a further account for a known customer, under the number asked for', () => {
    given(registered('4'))
      .when({ type: 'OpenAccount', account: '90', customer: '4', ...terms })
      .then({ type: 'AccountOpened', account: '90', customer: '4', ...terms });
  });
  test('rejects an unknown customer, a number in use and a malformed number', () => {
    const bank = given(registered('1'), opened('17'));
    bank.when({ type: 'OpenAccount', customer: '9', ...terms }).thenRejected('customer_not_found', '9');
    bank.when({ type: 'OpenAccount', account: '17', customer: '1', ...terms }).thenRejected('account_exists', '17');
    bank
      .when({ type: 'OpenAccount', account: '007', customer: '1', ...terms })
      .thenRejected('account_not_found', '007');
    bank.when({ type: 'RegisterCustomer', customer: '1', ...sealed }).thenRejected('customer_exists', '1');
  });
});

test('after the highest number there is, the bank gives the lowest free ones', () => {
  const highest = '999999999999999';
  const book = liveBook();
  for (const event of [registered('1'), registered(highest), opened('1'), opened('2'), opened(highest)])
    book.apply(event);
  for (const expected of [
    { account: '3', customer: '2' },
    { account: '4', customer: '3' },
  ]) {
    const customer = { keyId: '00000000-0000-4000-8000-000000000001', profile: 'sealed' };
    const terms = { accountType: 'savings', currency, floor: 0n } as const;
    const decision = decide(book, { type: 'OpenAccount', customer, ...terms });
    if (isRejection(decision)) expect.fail(decision.code);
    expect(decision).toMatchObject([{ customer: expected.customer }, expected]);
    for (const event of decision) book.apply(event);
  }
});

describe('deposit and withdrawal', () => {
  test('a deposit posts from the terminal’s cash to the account', () => {
    given(registered('1'), opened('1'))
      .when(deposit('1', 2000n))
      .then({ type: 'Deposited', currency, postings: [line('cash:t', -2000n, 1, -2000n), line('1', 2000n, 1, 2000n)] });
  });
  test('a withdrawal posts the other way, down to the floor and no further', () => {
    const bank = given(registered('1'), opened('1', -500n), deposited('1', 2000n));
    bank
      .when(withdraw('1', 2500n))
      .then({ type: 'Withdrawn', currency, postings: [line('1', -2500n, 2, -500n), line('cash:t', 2500n, 1, 2500n)] });
    bank.when(withdraw('1', 2501n)).thenRejected('insufficient_funds', '1');
  });
  test('rejects deposits to an account that does not exist or is the bank’s own', () => {
    given().when(deposit('1', 1n)).thenRejected('account_not_found', '1');
    given().when(deposit('cash:t', 1n)).thenRejected('same_account', 'cash:t');
    given().when(deposit('elsewhere', 1n)).thenRejected('account_not_found', 'elsewhere');
  });
  test('rejects a deposit that would lead beyond the largest balance', () => {
    const full = 1_000_000_000_000_000n;
    const posted = { type: 'EntryImported', currency, label: 'all' } as const;
    given(registered('1'), opened('1'), {
      ...posted,
      postings: [line('external:x', -full, 1, -full), line('1', full, 1, full)],
    })
      .when(deposit('1', 1n))
      .thenRejected('limit_exceeded', '1');
  });
});

describe('transfer', () => {
  test('a transfer is one event with both postings', () => {
    given(registered('1'), opened('1'), opened('2'), deposited('1', 5000n))
      .when({ ...transfer('1', '2', 1250n), reference: 'rent' } as Command)
      .then({
        type: 'Transferred',
        currency,
        postings: [line('1', -1250n, 2, 3750n), line('2', 1250n, 1, 1250n)],
        reference: 'rent',
      });
  });
  test('rejects transfers to the bank’s own accounts', () => {
    given(registered('1'), opened('1'), deposited('1', 10n))
      .when(transfer('1', 'vault:main', 1n))
      .thenRejected('destination_not_found', 'vault:main');
  });
});

describe('the order of rejections', () => {
  // Each command has everything wrong with it from its own fault on; the earliest is the answer.
  test.each<[RejectionCode, Command, AccountId | undefined]>([
    ['amount_not_positive', transfer('9', '9', 0n), undefined],
    ['limit_exceeded', transfer('9', '9', 1_000_000_001n), undefined],
    ['same_account', transfer('9', '9', 100n), '9'],
    ['account_not_found', transfer('9', '8', 100n), '9'],
    ['destination_not_found', transfer('3', '8', 100n), '8'],
    ['account_closed', transfer('2', '3', 100n), '3'],
    ['account_frozen', transfer('2', '1', 100n), '2'],
    ['insufficient_funds', transfer('1', '4', 100n), '1'],
  ])('%s comes before everything after it in the list', (code, command, account) => {
    given(registered('1'), opened('1'), opened('2'), opened('3'), opened('4'), frozen('2'), closed('3'))
      .when(command)
      .thenRejected(code, account);
  });
  test('the tested order is the order of the documented list', () => {
    const seen: RejectionCode[] = [
      'amount_not_positive',
      'limit_exceeded',
      'same_account',
      'account_not_found',
      'destination_not_found',
      'account_closed',
      'account_frozen',
      'insufficient_funds',
    ];
    expect(rejectionCodes.filter((code) => seen.includes(code))).toEqual(seen);
  });
});

describe('importing history', () => {
  test('imports an entry whatever the floor and the status say', () => {
    given(registered('1'), opened('1'), closed('1'))
      .when({ type: 'ImportEntry', account: '1', source: 'import', amount: -700n, currency, label: 'Virement' })
      .then({
        type: 'EntryImported',
        currency,
        label: 'Virement',
        postings: [line('external:import', 700n, 1, 700n), line('1', -700n, 1, -700n)],
      });
  });
  test('rejects an entry of an account that does not exist', () => {
    given()
      .when({ type: 'ImportEntry', account: '1', source: 'import', amount: 1n, currency, label: 'x' })
      .thenRejected('account_not_found', '1');
  });
});

test('an import and a reversal keep to the largest balance, on both sides', () => {
  const full = 1_000_000_000_000_000n;
  const first: LedgerEvent = {
    ...{ type: 'EntryImported', currency, label: 'all' },
    postings: [line('external:x', -full, 1, -full), line('1', full, 1, full)],
  };
  const again = { type: 'ImportEntry', account: '1', source: 'x', currency, label: 'all' } as const;
  const bank = given(registered('1'), opened('1'), opened('2'), first);
  bank.when({ ...again, amount: full + 1n }).thenRejected('limit_exceeded', '1');
  bank.when({ ...again, amount: 1n }).thenRejected('limit_exceeded', 'external:x');
  bank.when({ ...again, source: 'y', amount: 1n }).thenRejected('limit_exceeded', '1');
  const { postings } = { postings: [line('1', -1n, 2, full - 1n), line('cash:t', 1n, 1, 1n)] } as const;
  given(registered('1'), opened('1'), first, { type: 'Withdrawn', currency, postings }, deposited('1', 1n, 3, full))
    .when({ type: 'ReverseEntry', position: 4, postings, currency, reason: 'wrong account' })
    .thenRejected('limit_exceeded', '1');
});

describe('reversal', () => {
  const original = deposited('1', 2000n);
  const postings = 'postings' in original ? original.postings : undefined;
  if (postings === undefined) throw new Error('a deposit has postings');
  const reverse: Command = { type: 'ReverseEntry', position: 3, postings, currency, reason: 'wrong account' };

  test('a reversal is a new event with the opposite postings, once', () => {
    const reversal: LedgerEvent = {
      type: 'EntryReversed',
      currency,
      postings: [line('cash:of-1', 2000n, 2, 0n), line('1', -2000n, 2, 0n)],
      reversedPosition: 3,
      reason: 'wrong account',
    };
    given(registered('1'), opened('1'), original).when(reverse).then(reversal);
    given(registered('1'), opened('1'), original, reversal).when(reverse).thenRejected('entry_already_reversed');
  });
  test('rejects a reversal that would lead below the floor', () => {
    const spent: LedgerEvent = {
      type: 'Withdrawn',
      currency,
      postings: [line('1', -1n, 2, 1999n), line('cash:u', 1n, 1, 1n)],
    };
    given(registered('1'), opened('1'), original, spent).when(reverse).thenRejected('insufficient_funds', '1');
  });
});

describe('status', () => {
  const withReason = (type: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess'): Command => ({
    type,
    account: '1',
    reason: 'asked for',
  });
  const one = [registered('1'), opened('1')];

  test('freezes an open account and unfreezes a frozen one, nothing else', () => {
    given(...one)
      .when(withReason('FreezeAccount'))
      .then(frozen('1'));
    given(...one, frozen('1'))
      .when(withReason('FreezeAccount'))
      .thenRejected('account_frozen', '1');
    given(...one, frozen('1'))
      .when(withReason('UnfreezeAccount'))
      .then({ type: 'AccountUnfrozen', account: '1', reason: 'asked for' });
    given(...one)
      .when(withReason('UnfreezeAccount'))
      .thenRejected('account_not_frozen', '1');
  });
  test('closes an account once, when it is empty', () => {
    given(...one)
      .when(withReason('CloseAccount'))
      .then(closed('1'));
    given(...one, deposited('1', 1n))
      .when(withReason('CloseAccount'))
      .thenRejected('account_not_empty', '1');
    given(...one, closed('1'))
      .when(withReason('CloseAccount'))
      .thenRejected('account_closed', '1');
    given().when(withReason('CloseAccount')).thenRejected('account_not_found', '1');
  });
  test('records a lock, an unlock and a changed PIN', () => {
    const until = '2026-01-01T00:05:00.000Z';
    given(...one)
      .when({ type: 'LockAccess', account: '1', until })
      .then({ type: 'AccessLocked', account: '1', until });
    given(...one)
      .when(withReason('UnlockAccess'))
      .then({ type: 'AccessUnlocked', account: '1', reason: 'asked for' });
    given(...one)
      .when({ type: 'RecordPinChange', account: '1' })
      .then({ type: 'PinChanged', account: '1', by: 'holder' });
  });
});

describe('four eyes', () => {
  const proposal = { proposal: 'p', proposer: 'ada', expiresAt: '2026-01-02T00:00:00.000Z' };
  const [before, after] = ['2026-01-01T23:59:59.999Z', '2026-01-02T00:00:00.000Z'];
  const approve = (by: string, at: string): Command => ({ type: 'ApproveAction', proposal, by, at });
  const rejecting = (by: string, at: string): Command => ({ type: 'RejectAction', proposal, by, at, reason: 'no' });

  test('another operator approves or rejects', () => {
    given().when(approve('bob', before)).then({ type: 'ActionApproved', proposal: 'p' });
    given().when(rejecting('bob', before)).then({ type: 'ActionRejected', proposal: 'p', reason: 'no' });
  });

  test('whoever proposed may take it back, and never approve it', () => {
    given().when(approve('ada', before)).thenRejected('own_proposal');
    given().when(approve('ada', after)).thenRejected('own_proposal');
    given().when(rejecting('ada', before)).then({ type: 'ActionRejected', proposal: 'p', reason: 'no' });
  });

  test('nobody decides once it has expired', () => {
    given().when(approve('bob', after)).thenRejected('proposal_expired');
    given().when(rejecting('bob', after)).thenRejected('proposal_expired');
  });
});
