/** What the bank decides: a command against the book gives the events to write, or a rejection. Pure. */
import type { AccountState } from './account.ts';
import { isCustomerAccount } from './account.ts';
import type { Command } from './commands.ts';
import type { AccountId, CustomerId, LedgerEvent, Postings } from './events.ts';
import type { Currency } from './money.ts';
import { largestAmountMinor, largestBalanceMinor } from './money.ts';
import type { Rejection, RejectionCode } from './rejections.ts';
import { settle } from './settle.ts';

/** The book as a decision sees it: what all events so far add up to. */
export interface Book {
  account(account: AccountId): AccountState | undefined;
  hasCustomer(customer: CustomerId): boolean;
  /** Whether the money event at this position was reversed already. */
  isReversed(position: number): boolean;
  /** One more than the highest number given so far, or the lowest free one where that has more than 15 digits. */
  nextAccount(): AccountId;
  nextCustomer(): CustomerId;
}

/** The events of one command are written together or not at all. */
export type Decision = readonly [LedgerEvent, ...LedgerEvent[]] | Rejection;

export const isRejection = (decision: Decision): decision is Rejection => 'code' in decision;

const reject = (code: RejectionCode, account?: AccountId): Rejection =>
  account === undefined ? { code } : { code, account };

/** Checks run in the order of `rejectionCodes`; the first that fails is the answer. */
export function decide(book: Book, command: Command): Decision {
  switch (command.type) {
    case 'RegisterCustomer': {
      const { customer, keyId, profile } = command;
      if (book.hasCustomer(customer)) return reject('customer_exists', customer);
      return [{ type: 'CustomerRegistered', customer, keyId, profile }];
    }
    case 'EraseCustomer': {
      const { type: _type, ...erasure } = command;
      if (!book.hasCustomer(erasure.customer)) return reject('customer_not_found', erasure.customer);
      return [{ type: 'CustomerErased', ...erasure }];
    }
    case 'OpenAccount':
      return open(book, command);
    case 'Deposit':
      return one(move(book, command, 'Deposited', `cash:${command.terminal}`, command.account));
    case 'Withdraw':
      return one(move(book, command, 'Withdrawn', command.account, `cash:${command.terminal}`));
    case 'Transfer': {
      const { reference } = command;
      const moved = move(book, command, 'Transferred', command.from, command.to);
      return one('code' in moved || reference === undefined ? moved : { ...moved, reference });
    }
    case 'ImportEntry':
      return importEntry(book, command);
    case 'ReverseEntry':
      return reverse(book, command);
    case 'FreezeAccount':
    case 'UnfreezeAccount':
    case 'CloseAccount':
    case 'UnlockAccess':
    case 'LockAccess':
    case 'RecordPinChange':
      return changeAccount(book, command);
    case 'OrderBatch':
      return [{ ...command, type: 'BatchOrdered' }];
    case 'ProposeAction':
      return [{ ...command, type: 'ActionProposed' }];
    case 'ApproveAction':
    case 'RejectAction':
      return decideProposal(command);
    case 'RecordVerification':
      return [{ ...command, type: 'VerificationEnded' }];
  }
}

const one = (decided: LedgerEvent | Rejection): Decision => ('type' in decided ? [decided] : decided);

type CommandOf<T extends Command['type']> = Extract<Command, { type: T }>;

function open(book: Book, command: CommandOf<'OpenAccount'>): Decision {
  const { accountType, currency, floor } = command;
  const account = command.account ?? book.nextAccount();
  if (!isCustomerAccount(account)) return reject('account_not_found', account);
  if (typeof command.customer === 'string') {
    const customer = command.customer;
    if (!book.hasCustomer(customer)) return reject('customer_not_found', customer);
    if (book.account(account) !== undefined) return reject('account_exists', account);
    return [{ type: 'AccountOpened', account, customer, accountType, currency, floor }];
  }
  if (book.account(account) !== undefined) return reject('account_exists', account);
  const customer = book.nextCustomer();
  return [
    { type: 'CustomerRegistered', customer, keyId: command.customer.keyId, profile: command.customer.profile },
    { type: 'AccountOpened', account, customer, accountType, currency, floor },
  ];
}

/** Money from one account to another, as a customer's command asks for it. */
function move<T extends 'Deposited' | 'Withdrawn' | 'Transferred'>(
  book: Book,
  { amount, currency }: { amount: bigint; currency: Currency },
  type: T,
  from: AccountId,
  to: AccountId,
): { readonly type: T; readonly currency: Currency; readonly postings: Postings } | Rejection {
  if (amount <= 0n) return reject('amount_not_positive');
  if (amount > largestAmountMinor) return reject('limit_exceeded');
  if (from === to) return reject('same_account', to);
  const postings = settle(book, type, currency, [
    { account: from, amount: -amount },
    { account: to, amount },
  ]);
  return 'code' in postings ? postings : { type, currency, postings };
}

/** History that already happened; its sum may be larger than one a person may move, and of either sign. */
function importEntry(book: Book, { account, source, amount, currency, label }: CommandOf<'ImportEntry'>): Decision {
  if (amount > largestBalanceMinor || amount < -largestBalanceMinor) return reject('limit_exceeded', account);
  if (!isCustomerAccount(account)) return reject('account_not_found', account);
  const postings = settle(book, 'EntryImported', currency, [
    { account: `external:${source}`, amount: -amount },
    { account, amount },
  ]);
  return 'code' in postings ? postings : [{ type: 'EntryImported', currency, label, postings }];
}

/** Undoes a money event by a new one with the opposite postings; whoever gives money back must still have it. */
function reverse(book: Book, { position, postings, currency, reason }: CommandOf<'ReverseEntry'>): Decision {
  if (book.isReversed(position)) return reject('entry_already_reversed');
  const [first, second] = postings;
  const opposite = settle(book, 'EntryReversed', currency, [
    { account: first.account, amount: -first.amount },
    { account: second.account, amount: -second.amount },
  ]);
  return 'code' in opposite
    ? opposite
    : [{ type: 'EntryReversed', currency, postings: opposite, reversedPosition: position, reason }];
}

/** Four eyes: whoever proposed may take the proposal back, and not approve it. */
function decideProposal(command: CommandOf<'ApproveAction' | 'RejectAction'>): Decision {
  const { proposal, proposer, expiresAt } = command.proposal;
  if (command.type === 'ApproveAction' && command.by === proposer) return reject('own_proposal');
  if (command.at >= expiresAt) return reject('proposal_expired');
  return command.type === 'ApproveAction'
    ? [{ type: 'ActionApproved', proposal }]
    : [{ type: 'ActionRejected', proposal, reason: command.reason }];
}

function changeAccount(
  book: Book,
  command: CommandOf<
    'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess' | 'LockAccess' | 'RecordPinChange'
  >,
): Decision {
  const { account } = command;
  const state = isCustomerAccount(account) ? book.account(account) : undefined;
  if (state === undefined) return reject('account_not_found', account);
  if (command.type === 'LockAccess') return [{ type: 'AccessLocked', account, until: command.until }];
  if (command.type === 'UnlockAccess') return [{ type: 'AccessUnlocked', account, reason: command.reason }];
  if (state.status === 'closed') return reject('account_closed', account);
  switch (command.type) {
    case 'RecordPinChange':
      if (command.reason === undefined) return [{ type: 'PinChanged', account, by: 'holder' }];
      return [{ type: 'PinChanged', account, by: 'operator', reason: command.reason }];
    case 'FreezeAccount':
      if (state.status === 'frozen') return reject('account_frozen', account);
      return [{ type: 'AccountFrozen', account, reason: command.reason }];
    case 'UnfreezeAccount':
      if (state.status !== 'frozen') return reject('account_not_frozen', account);
      return [{ type: 'AccountUnfrozen', account, reason: command.reason }];
    case 'CloseAccount':
      if (state.balance !== 0n) return reject('account_not_empty', account);
      return [{ type: 'AccountClosed', account, reason: command.reason }];
  }
}
