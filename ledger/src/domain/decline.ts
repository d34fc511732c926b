/** The fact that a command was declined: what of it is written down, and which commands leave no trace. */
import { isCustomerAccount } from './account.ts';
import type { Command } from './commands.ts';
import type { CommandDeclined } from './events.ts';
import type { Rejection } from './rejections.ts';

/**
 * The event for a declined command; undefined for those that are not written down: an import, which a bad row ends as a
 * whole so that it can be mended and run again, what the bank gives itself (locks, PIN changes, registrations), and
 * what is about no account.
 */
export function declineOf(command: Command, { code, account: about }: Rejection): CommandDeclined | undefined {
  const declined = (account: string): CommandDeclined => ({
    type: 'CommandDeclined',
    account,
    command: command.type,
    code,
    ...(about !== undefined && { about }),
    ...('amount' in command && { amount: command.amount, currency: command.currency }),
  });
  switch (command.type) {
    case 'Deposit':
    case 'Withdraw':
    case 'FreezeAccount':
    case 'UnfreezeAccount':
    case 'CloseAccount':
    case 'UnlockAccess':
      return declined(command.account);
    case 'Transfer':
      return declined(command.from);
    case 'ReverseEntry':
      return declined(
        (command.postings.find(({ account }) => isCustomerAccount(account)) ?? command.postings[0]).account,
      );
    case 'RegisterCustomer':
    case 'EraseCustomer':
    case 'OpenAccount':
    case 'ImportEntry':
    case 'LockAccess':
    case 'RecordPinChange':
    case 'OrderBatch':
    case 'ProposeAction':
    case 'ApproveAction':
    case 'RejectAction':
    case 'RecordVerification':
      return undefined;
  }
}

/** The rejection that a declined command was answered with, read back from its event. */
export const rejectionOf = ({ code, about }: CommandDeclined): Rejection =>
  about === undefined ? { code } : { code, account: about };
