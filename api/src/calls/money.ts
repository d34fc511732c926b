/** The calls that move money from or to one's own account. */
import * as z from 'zod/mini';
import type { ApiRejectionCode } from '../problems.ts';
import { defineCall, perSubject } from '../call.ts';
import { accountNumber, amount, money, pin, position, text } from '../fields.ts';

const operation = z
  .object({
    operationId: z.uuid().check(z.describe('The id of the event in the journal.')),
    balance: money.check(z.describe('The balance right after this operation.')),
    position,
  })
  .register(z.globalRegistry, { id: 'Operation' });

const answer = { status: 201, description: 'The operation is in the journal, for good.', schema: operation } as const;

/** Of every command with a PIN, before the domain decides. */
const beforeTheDomain = [
  'access_locked',
  'pin_invalid',
  'idempotency_key_reused',
] as const satisfies ApiRejectionCode[];
const ofTheAccount = ['account_not_found', 'account_closed', 'account_frozen'] as const satisfies ApiRejectionCode[];
const ofTheServer = ['overloaded', 'unavailable'] as const satisfies ApiRejectionCode[];

export const deposit = defineCall({
  id: 'deposit',
  method: 'post',
  path: '/api/v1/accounts/me/deposits',
  group: 'Money',
  summary: 'Deposit cash',
  who: 'customer',
  terminal: true,
  command: true,
  body: z.strictObject({ amount, pin }).register(z.globalRegistry, { id: 'Deposit' }),
  answer,
  rejections: [
    ...beforeTheDomain,
    'amount_not_positive',
    'limit_exceeded',
    ...ofTheAccount,
    'cash_limit_exceeded',
    ...ofTheServer,
  ],
});

export const withdraw = defineCall({
  id: 'withdraw',
  method: 'post',
  path: '/api/v1/accounts/me/withdrawals',
  group: 'Money',
  summary: 'Withdraw cash',
  who: 'customer',
  terminal: true,
  command: true,
  body: z.strictObject({ amount, pin }).register(z.globalRegistry, { id: 'Withdrawal' }),
  answer,
  rejections: [
    ...beforeTheDomain,
    'amount_not_positive',
    'limit_exceeded',
    ...ofTheAccount,
    'insufficient_funds',
    'cash_limit_exceeded',
    ...ofTheServer,
  ],
});

const transferRejections = [
  'amount_not_positive',
  'limit_exceeded',
  'same_account',
  'account_not_found',
  'destination_not_found',
  'currency_mismatch',
  'account_closed',
  'account_frozen',
  'insufficient_funds',
] as const satisfies ApiRejectionCode[];

const payee = z
  .optional(z.string())
  .check(
    z.describe(
      'Whose account it is, never in full. With `name`: whether it is the payee’s, as `match`, `close` or `none`. ' +
        'Without: the first letters, such as "Z… D…"; absent where the bank has no name.',
    ),
  );

export const previewTransfer = defineCall({
  id: 'previewTransfer',
  method: 'post',
  path: '/api/v1/accounts/me/transfers/preview',
  group: 'Money',
  summary: 'See whom a transfer would go to and what would be left',
  description:
    'Moves nothing. It is rejected for the same reasons as the transfer itself would be. How often payees are checked and ' +
    'unknown numbers tried is limited by account, and by terminal or address, over hours and days.',
  who: 'customer',
  terminal: true,
  rate: { source: { burst: 200, perSecond: 20 }, subject: { ...perSubject, in: 'session' } },
  body: z
    .strictObject({
      to: accountNumber,
      amount,
      name: z.optional(text(160)).check(z.describe('The payee’s name as the sender knows it, to be compared.')),
    })
    .register(z.globalRegistry, { id: 'TransferPreview' }),
  answer: {
    status: 200,
    description: 'What the transfer would do.',
    schema: z
      .object({ to: accountNumber, payee, amount: money, balanceAfter: money })
      .register(z.globalRegistry, { id: 'TransferPreviewed' }),
  },
  rejections: [...transferRejections, ...ofTheServer],
});

export const transfer = defineCall({
  id: 'transfer',
  method: 'post',
  path: '/api/v1/accounts/me/transfers',
  group: 'Money',
  summary: 'Transfer to another account',
  who: 'customer',
  terminal: true,
  command: true,
  body: z
    .strictObject({ to: accountNumber, amount, pin, reference: z.optional(text(140)) })
    .register(z.globalRegistry, { id: 'Transfer' }),
  answer,
  rejections: ['too_many_requests', ...beforeTheDomain, ...transferRejections, ...ofTheServer],
});
