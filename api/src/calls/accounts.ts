/** The calls on one's own account: opening it, seeing it, its entries and its statement. */
import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import {
  accountNumber,
  accountStatus,
  accountType,
  after,
  chosenPin,
  currency,
  day,
  moment,
  money,
  phone,
  pin,
  position,
  profileLengths,
  text,
  timeZone,
  wholeNumber,
} from '../fields.ts';

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
  rate: { source: { burst: 200, perSecond: 20 } },
  body: z
    .strictObject({
      pin: chosenPin,
      lastName: text(profileLengths.lastName),
      firstName: text(profileLengths.firstName),
      address: text(profileLengths.address),
      postalCode: text(profileLengths.postalCode),
      city: text(profileLengths.city),
      landline: z.optional(phone(profileLengths.landline)),
      mobile: z.optional(phone(profileLengths.mobile)),
      accountType,
    })
    .register(z.globalRegistry, { id: 'Opening' }),
  answer: {
    status: 201,
    description: 'The account is open.',
    schema: z.object({ accountNumber, position }).register(z.globalRegistry, { id: 'Opened' }),
  },
  rejections: ['idempotency_key_reused', 'overloaded', 'unavailable'],
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
        holder: z.optional(z.string()),
        accountType,
        balance: money,
        currency,
        status: accountStatus,
        timeZone,
        position,
      })
      .register(z.globalRegistry, { id: 'OwnAccount' }),
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

export const entry = z
  .object({
    entryId: z.string().check(z.meta({ description: 'Unique in the whole bank.', example: '9071.1' })),
    recordedAt: moment,
    valueDate: day,
    type: z.enum(['deposit', 'withdrawal', 'transfer_in', 'transfer_out', 'imported', 'reversal']),
    label: z.string().check(z.meta({ example: 'Dépôt' })),
    amount: money,
    balanceAfter: money,
    counterparty: z.optional(accountNumber),
    reference: z.optional(z.string()),
  })
  .register(z.globalRegistry, { id: 'Entry' });

export const readOwnEntries = defineCall({
  id: 'readOwnEntries',
  method: 'get',
  path: '/api/v1/accounts/me/entries',
  group: 'Accounts',
  summary: 'See one’s own entries, newest first',
  who: 'customer',
  terminal: true,
  query: z.strictObject({
    limit: z._default(wholeNumber(1, 100), 10),
    before: z.optional(wholeNumber(1)).check(z.describe('The `next` of the page before.')),
    after,
  }),
  answer: {
    status: 200,
    description: 'A page of entries; `next` leads to the one after it.',
    schema: z
      .object({ entries: z.array(entry), next: z.optional(z.string()) })
      .register(z.globalRegistry, { id: 'Entries' }),
  },
  rejections: ['overloaded', 'unavailable'],
});

export const downloadStatement = defineCall({
  id: 'downloadStatement',
  method: 'get',
  path: '/api/v1/accounts/me/statement.csv',
  group: 'Accounts',
  summary: 'Download the whole history',
  description:
    'The header is `Date;Libellé;Montant;Solde`; oldest first; value dates as YYYY-MM-DD, decimal points. UTF-8 with a ' +
    'byte order mark, so that spreadsheets read the accents. A label carries the transfer’s reference; one that a ' +
    'spreadsheet would run as a formula gets an apostrophe in front.',
  who: 'customer',
  terminal: true,
  query: z.strictObject({ after }),
  answer: { status: 200, description: 'The statement.', schema: z.string(), mediaType: 'text/csv' },
  rejections: ['overloaded', 'unavailable'],
});

export const changePin = defineCall({
  id: 'changePin',
  method: 'post',
  path: '/api/v1/accounts/me/pin',
  group: 'Accounts',
  summary: 'Change one’s own PIN',
  description: 'Every other session on the account ends; this one goes on, and takes the new PIN from now on.',
  who: 'customer',
  terminal: true,
  beforePinChange: true,
  command: true,
  body: z.strictObject({ pin, newPin: chosenPin }).register(z.globalRegistry, { id: 'PinChange' }),
  answer: { status: 204, description: 'The new PIN is in use.' },
  rejections: [
    'access_locked',
    'pin_invalid',
    'idempotency_key_reused',
    'account_not_found',
    'account_closed',
    'overloaded',
    'unavailable',
  ],
});
