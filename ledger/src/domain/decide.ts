/** What the bank decides: a command against the book gives the events to write, or a rejection. Pure. */
import type { AccountState } from './account.ts';
import { emptyInternalAccount, isCustomerAccount } from './account.ts';
import type { Command } from './commands.ts';
import type { AccountId, CustomerId, LedgerEvent, Posting, Postings } from './events.ts';
import type { Currency } from './money.ts';
import { largestAmountMinor, largestBalanceMinor } from './money.ts';
import type { Rejection, RejectionCode } from './rejections.ts';

/** The book as a decision sees it: what all events so far add up to. */
export interface Book {
  account(account: AccountId): AccountState | undefined;
  hasCustomer(customer: CustomerId): boolean;
  /** Whether the money event at this position was reversed already. */
  isReversed(position: number): boolean;
  /** One more than the highest number given so far. */
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
      const { customer, reason } = command;
      if (!book.hasCustomer(customer)) return reject('customer_not_found', customer);
      return [{ type: 'CustomerErased', customer, reason }];
    }
    case 'OpenAccount':
      return open(book, command);
    case 'Deposit':
      return move(book, command, `cash:${command.terminal}`, command.account, (currency, postings) => ({
        type: 'Deposited',
        currency,
        postings,
      }));
    case 'Withdraw':
      return move(book, command, command.account, `cash:${command.terminal}`, (currency, postings) => ({
        type: 'Withdrawn',
        currency,
        postings,
      }));
    case 'Transfer': {
      const { reference } = command;
      return move(book, command, command.from, command.to, (currency, postings) =>
        reference === undefined
          ? { type: 'Transferred', currency, postings }
          : { type: 'Transferred', currency, postings, reference },
      );
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
  }
}

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

/** Money from one account to another: the one place where a customer's command becomes two postings. */
function move(
  book: Book,
  { amount, currency }: { amount: bigint; currency: Currency },
  from: AccountId,
  to: AccountId,
  event: (currency: Currency, postings: Postings) => LedgerEvent,
): Decision {
  if (amount <= 0n) return reject('amount_not_positive');
  if (amount > largestAmountMinor) return reject('limit_exceeded');
  if (from === to) return reject('same_account', to);
  const source = find(book, from, currency);
  if (source === undefined) return reject('account_not_found', from);
  const destination = find(book, to, currency);
  // A deposit's destination is the customer's own account; a transfer's is somebody else's.
  if (destination === undefined)
    return reject(isCustomerAccount(from) ? 'destination_not_found' : 'account_not_found', to);
  for (const side of [source, destination]) {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- there will be more than one currency
    if (side.currency !== currency) return reject('currency_mismatch', side.account);
  }
  for (const side of [source, destination]) {
    if (side.status === 'closed') return reject('account_closed', side.account);
  }
  for (const side of [source, destination]) {
    if (side.status === 'frozen') return reject('account_frozen', side.account);
  }
  if (source.balance - amount < source.floor) return reject('insufficient_funds', from);
  if (destination.balance + amount > largestBalanceMinor) return reject('limit_exceeded', to);
  return [event(currency, [posting(source, -amount), posting(destination, amount)])];
}

/** History that already happened is not judged again: neither floor nor status keeps it out. */
function importEntry(book: Book, { account, source, amount, currency, label }: CommandOf<'ImportEntry'>): Decision {
  if (amount > largestBalanceMinor || amount < -largestBalanceMinor) return reject('limit_exceeded', account);
  const target = isCustomerAccount(account) ? book.account(account) : undefined;
  if (target === undefined) return reject('account_not_found', account);
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- there will be more than one currency
  if (target.currency !== currency) return reject('currency_mismatch', account);
  const external = find(book, `external:${source}`, currency) ?? emptyInternalAccount(`external:${source}`, currency);
  return [{ type: 'EntryImported', currency, label, postings: [posting(external, -amount), posting(target, amount)] }];
}

/** Undoes a money event by a new one with the opposite postings; the floor still holds for whoever gives money back. */
function reverse(book: Book, { position, postings, currency, reason }: CommandOf<'ReverseEntry'>): Decision {
  if (book.isReversed(position)) return reject('entry_already_reversed');
  const reversed: Posting[] = [];
  for (const { account, amount } of postings) {
    const side = book.account(account);
    if (side === undefined) return reject('account_not_found', account);
    if (side.status === 'closed') return reject('account_closed', account);
    if (amount > 0n && side.balance - amount < side.floor) return reject('insufficient_funds', account);
    reversed.push(posting(side, -amount));
  }
  const [first, second] = reversed as [Posting, Posting];
  return [{ type: 'EntryReversed', currency, postings: [first, second], reversedPosition: position, reason }];
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
      return [{ type: 'PinChanged', account }];
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

function find(book: Book, account: AccountId, currency: Currency): AccountState | undefined {
  const known = book.account(account);
  if (known !== undefined || isCustomerAccount(account)) return known;
  return /^(cash|external):./.test(account) ? emptyInternalAccount(account, currency) : undefined;
}

const posting = (side: AccountState, amount: bigint): Posting => ({
  account: side.account,
  amount,
  version: side.version + 1,
  balance: side.balance + amount,
});
