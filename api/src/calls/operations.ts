/** The calls of an operator: always with a reason, always in the journal under the operator's name. */
import * as z from 'zod/mini';
import type { ApiRejectionCode } from '../problems.ts';
import type { Call } from '../call.ts';
import { defineCall } from '../call.ts';
import { accountNumber, pin, position, text } from '../fields.ts';

const account = z.strictObject({ account: accountNumber });
const reason = z.strictObject({ reason: text(500) }).register(z.globalRegistry, { id: 'Reason' });
const done = z.object({ position }).register(z.globalRegistry, { id: 'OperationDone' });
const always = ['idempotency_key_reused', 'account_not_found', 'overloaded', 'unavailable'] as const;

/** What the calls on an account share. */
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
  rejections: [...always, 'account_closed', 'account_frozen'] satisfies ApiRejectionCode[],
});

export const unfreezeAccount = defineCall({
  ...onAccount,
  id: 'unfreezeAccount',
  path: '/api/v1/operations/accounts/{account}/unfreeze',
  summary: 'Unfreeze an account',
  rejections: [...always, 'account_closed', 'account_not_frozen'] satisfies ApiRejectionCode[],
});

export const unlockAccess = defineCall({
  ...onAccount,
  id: 'unlockAccess',
  path: '/api/v1/operations/accounts/{account}/unlock',
  summary: 'Unlock access after wrong PINs, before the lock ends by itself',
  rejections: always,
});

export const resetPin = defineCall({
  ...onAccount,
  id: 'resetPin',
  path: '/api/v1/operations/accounts/{account}/pin-reset',
  summary: 'Reset the PIN to a one-time PIN',
  description:
    'The old PIN is dead at once, every session on the account and a lock end. The customer must change the one-time PIN at the next log-in. The same command again answers the same.',
  answer: {
    status: 200,
    description: 'The reset is in the journal; the one-time PIN is stored nowhere in clear.',
    schema: z.object({ oneTimePin: pin, position }).register(z.globalRegistry, { id: 'PinReset' }),
  },
  rejections: [...always, 'account_closed'] satisfies ApiRejectionCode[],
});

export const closeAccount = defineCall({
  ...onAccount,
  id: 'closeAccount',
  path: '/api/v1/operations/accounts/{account}/close',
  summary: 'Close an account, for good',
  description: 'Only an empty account can be closed. Its open sessions end at once.',
  rejections: [...always, 'account_closed', 'account_frozen', 'account_not_empty'] satisfies ApiRejectionCode[],
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
      .check(z.regex(/^[1-9]\d{0,15}\.[01]$/, 'must be an entry’s id such as "9071.1"'), z.meta({ example: '9071.1' })),
  }),
  body: reason,
  answer: { status: 200, description: 'The reversal is in the journal.', schema: done },
  rejections: [
    ...always,
    'entry_not_found',
    'entry_already_reversed',
    'account_closed',
    'account_frozen',
    'insufficient_funds',
  ],
});
