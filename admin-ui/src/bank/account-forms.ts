/** What the bank would reject of what is typed into the console's forms for accounts: its own contract says, before anything is sent. */
import { searchAccounts } from '../../../api/src/calls/audit-accounts.ts';
import { freezeAccount } from '../../../api/src/calls/operations.ts';

/** Of every action: all of them want the same. */
const action = freezeAccount.body.shape;
const search = searchAccounts.query.shape;

export function faultInReason(typed: string): 'reasonMissing' | 'reasonWrong' | undefined {
  if (action.reason.safeParse(typed).success) return undefined;
  return typed.trim() === '' ? 'reasonMissing' : 'reasonWrong';
}

export const isSearch = (typed: string): boolean => search.query.safeParse(typed).success;
