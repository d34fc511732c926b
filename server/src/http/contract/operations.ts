/** The calls of an operator: always with a reason, always in the journal under the operator's name. */
import { z } from 'zod';
import type { RefusalCode } from '../problems.ts';
import type { Call } from './call.ts';
import { defineCall } from './call.ts';
import { accountNumber, position, text } from './fields.ts';

const account = z.strictObject({ account: accountNumber });
const reason = z.strictObject({ reason: text(500) }).meta({ id: 'Reason' });
const done = z.object({ position }).meta({ id: 'OperationDone' });
const always = ['idempotency_key_reused', 'account_not_found', 'overloaded', 'unavailable'] as const;

/** What the four calls on an account share. */
const onAccount = {
  method: 'post',
  group: 'Operations',
  who: 'operator',
  command: true,
  params: account,
  body: reason,
  answer: { status: 200, description: 'It is in the journal.', schema: done },
} as const satisfies Partial<Call>;

export const freezeAccount = defineCall({
  ...onAccount,
  id: 'freezeAccount',
  path: '/api/v1/operations/accounts/{account}/freeze',
  summary: 'Freeze an account',
  description: 'No money moves on it, in either direction, until it is unfrozen. Its open sessions end at once.',
  refusals: [...always, 'account_closed', 'account_frozen'] satisfies RefusalCode[],
});

export const unfreezeAccount = defineCall({
  ...onAccount,
  id: 'unfreezeAccount',
  path: '/api/v1/operations/accounts/{account}/unfreeze',
  summary: 'Unfreeze an account',
  refusals: [...always, 'account_closed', 'account_not_frozen'] satisfies RefusalCode[],
});

export const unlockAccess = defineCall({
  ...onAccount,
  id: 'unlockAccess',
  path: '/api/v1/operations/accounts/{account}/unlock',
  summary: 'Unlock access after wrong PINs, before the lock ends by itself',
  refusals: always,
});

export const closeAccount = defineCall({
  ...onAccount,
  id: 'closeAccount',
  path: '/api/v1/operations/accounts/{account}/close',
  summary: 'Close an account, for good',
  description: 'Only an empty account can be closed. Its open sessions end at once.',
  refusals: [...always, 'account_closed', 'account_frozen', 'account_not_empty'] satisfies RefusalCode[],
});

export const reverseEntry = defineCall({
  id: 'reverseEntry',
  method: 'post',
  path: '/api/v1/operations/entries/{entryId}/reversal',
  group: 'Operations',
  summary: 'Undo an entry by a new one',
  description:
    'The whole event is undone, on both of its accounts. Nothing is edited: the new event names the position of the old one.',
  who: 'operator',
  command: true,
  params: z.strictObject({
    entryId: z
      .string()
      .regex(/^[1-9]\d{0,15}\.[01]$/, 'must be an entry’s id such as "9071.1"')
      .meta({ example: '9071.1' }),
  }),
  body: reason,
  answer: { status: 200, description: 'The reversal is in the journal.', schema: done },
  refusals: [...always, 'entry_not_found', 'entry_already_reversed', 'account_closed', 'insufficient_funds'],
});
