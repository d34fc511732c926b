/** The calls on one's own account: opening it, seeing it, its entries and its statement. */
import { z } from 'zod';
import { defineCall } from './call.ts';
import {
  accountNumber,
  accountStatus,
  accountType,
  after,
  currency,
  day,
  moment,
  money,
  pin,
  position,
  text,
  wholeNumber,
} from './fields.ts';

const phone = z
  .string()
  .trim()
  .regex(/^\+?[\d .()/-]{4,30}$/, 'must be a telephone number: digits, blanks, . ( ) / -, with an optional + in front');

export const openAccount = defineCall({
  id: 'openAccount',
  method: 'post',
  path: '/api/v1/accounts',
  group: 'Accounts',
  summary: 'Open an account',
  description: 'Registers a customer and opens an account for them; the bank gives the number.',
  who: 'anyone',
  terminal: true,
  command: true,
  rate: { place: { burst: 200, perSecond: 20 } },
  body: z
    .strictObject({
      pin,
      lastName: text(80),
      firstName: text(80),
      address: text(200),
      postalCode: text(16),
      city: text(80),
      landline: phone.optional(),
      mobile: phone.optional(),
      accountType,
    })
    .meta({ id: 'Opening' }),
  answer: {
    status: 201,
    description: 'The account is open.',
    schema: z.object({ accountNumber, position }).meta({ id: 'Opened' }),
  },
  refusals: ['idempotency_key_reused', 'overloaded', 'unavailable'],
});

export const readOwnAccount = defineCall({
  id: 'readOwnAccount',
  method: 'get',
  path: '/api/v1/accounts/me',
  group: 'Accounts',
  summary: 'See one’s own account',
  who: 'customer',
  terminal: true,
  query: z.strictObject({ after }),
  answer: {
    status: 200,
    description: 'The account, as of `position`.',
    schema: z
      .object({
        accountNumber,
        holder: z.string().optional(),
        accountType,
        balance: money,
        currency,
        status: accountStatus,
        position,
      })
      .meta({ id: 'OwnAccount' }),
  },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

export const entry = z
  .object({
    entryId: z.string().meta({ description: 'Unique in the whole bank.', example: '9071.1' }),
    recordedAt: moment,
    valueDate: day,
    type: z.enum(['deposit', 'withdrawal', 'transfer_in', 'transfer_out', 'imported', 'reversal']),
    label: z.string().meta({ example: 'Dépôt' }),
    amount: money,
    balanceAfter: money,
    counterparty: accountNumber.optional(),
    reference: z.string().optional(),
  })
  .meta({ id: 'Entry' });

export const readOwnEntries = defineCall({
  id: 'readOwnEntries',
  method: 'get',
  path: '/api/v1/accounts/me/entries',
  group: 'Accounts',
  summary: 'See one’s own entries, newest first',
  who: 'customer',
  terminal: true,
  query: z.strictObject({
    limit: wholeNumber(1, 100).default(10),
    before: wholeNumber(1, Number.MAX_SAFE_INTEGER).optional().meta({ description: 'The `next` of the page before.' }),
    after,
  }),
  answer: {
    status: 200,
    description: 'A page of entries; `next` leads to the one after it.',
    schema: z.object({ entries: z.array(entry), next: z.string().optional() }).meta({ id: 'Entries' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const downloadStatement = defineCall({
  id: 'downloadStatement',
  method: 'get',
  path: '/api/v1/accounts/me/statement.csv',
  group: 'Accounts',
  summary: 'Download the whole history',
  description:
    'The header is `Date;Libellé;Montant;Solde`; oldest first; value dates as YYYY-MM-DD, decimal points. UTF-8 with a ' +
    'byte order mark, so that spreadsheets read the accents. A label that a spreadsheet would run as a formula gets an ' +
    'apostrophe in front.',
  who: 'customer',
  terminal: true,
  query: z.strictObject({ after }),
  answer: { status: 200, description: 'The statement.', schema: z.string(), mediaType: 'text/csv' },
  refusals: ['overloaded', 'unavailable'],
});
