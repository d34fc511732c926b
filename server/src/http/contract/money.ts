/** The calls that move money from or to one's own account. */
import { z } from 'zod';
import type { RefusalCode } from '../problems.ts';
import { defineCall, perSubject } from './call.ts';
import { accountNumber, amount, money, pin, position, text } from './fields.ts';

const operation = z
  .object({
    operationId: z.uuid().meta({ description: 'The id of the event in the journal.' }),
    balance: money.meta({ description: 'The balance right after this operation.' }),
    position,
  })
  .meta({ id: 'Operation' });

const answer = { status: 201, description: 'The operation is in the journal, for good.', schema: operation } as const;

/** What every command with a PIN may meet on its way to the domain. */
const onTheWay = ['access_locked', 'pin_invalid', 'idempotency_key_reused'] as const satisfies RefusalCode[];
const ofTheAccount = ['account_not_found', 'account_closed', 'account_frozen'] as const satisfies RefusalCode[];
const ofTheServer = ['overloaded', 'unavailable'] as const satisfies RefusalCode[];

export const deposit = defineCall({
  id: 'deposit',
  method: 'post',
  path: '/api/v1/accounts/me/deposits',
  group: 'Money',
  summary: 'Deposit cash',
  who: 'customer',
  terminal: true,
  command: true,
  body: z.strictObject({ amount, pin }).meta({ id: 'Deposit' }),
  answer,
  refusals: [...onTheWay, 'amount_not_positive', 'limit_exceeded', ...ofTheAccount, ...ofTheServer],
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
  body: z.strictObject({ amount, pin }).meta({ id: 'Withdrawal' }),
  answer,
  refusals: [
    ...onTheWay,
    'amount_not_positive',
    'limit_exceeded',
    ...ofTheAccount,
    'insufficient_funds',
    ...ofTheServer,
  ],
});

export const transferRefusals = [
  'amount_not_positive',
  'limit_exceeded',
  'same_account',
  'account_not_found',
  'destination_not_found',
  'currency_mismatch',
  'account_closed',
  'account_frozen',
  'insufficient_funds',
] as const satisfies RefusalCode[];

export const previewTransfer = defineCall({
  id: 'previewTransfer',
  method: 'post',
  path: '/api/v1/accounts/me/transfers/preview',
  group: 'Money',
  summary: 'See whom a transfer would go to and what would be left',
  description: 'Moves nothing. It is refused for the same reasons as the transfer itself would be.',
  who: 'customer',
  terminal: true,
  rate: { place: { burst: 200, perSecond: 20 }, subject: { ...perSubject, in: 'session' } },
  body: z.strictObject({ to: accountNumber, amount }).meta({ id: 'TransferPreview' }),
  answer: {
    status: 200,
    description: 'What the transfer would do.',
    schema: z
      .object({ to: accountNumber, holder: z.string().optional(), amount: money, balanceAfter: money })
      .meta({ id: 'TransferPreviewed' }),
  },
  refusals: [...transferRefusals, ...ofTheServer],
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
  body: z.strictObject({ to: accountNumber, amount, pin, reference: text(140).optional() }).meta({ id: 'Transfer' }),
  answer,
  refusals: [...onTheWay, ...transferRefusals, ...ofTheServer],
});
