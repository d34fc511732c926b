/** The read-only calls of an auditor on one account or many: finding them, their events, entries, balance history and state at any moment. */
import * as z from 'zod/mini';
import { entry } from './accounts.ts';
import { defineCall } from '../call.ts';
import {
  accountNumber,
  accountStatus,
  accountType,
  after,
  anyAccount,
  currency,
  day,
  moment,
  money,
  position,
  wholeNumber,
} from '../fields.ts';

export const accountParams = z.strictObject({ account: anyAccount });
const next = z.optional(z.string()).check(z.describe('The `cursor` of the page after this one, if there is one.'));
const limit = z._default(wholeNumber(1, 1_000), 50);

const account = z
  .object({
    account: anyAccount,
    kind: z.enum(['customer', 'internal']),
    holder: z.optional(z.string()),
    customer: z.optional(z.string()),
    accountType: z.optional(accountType),
    balance: money,
    currency,
    version: z.int().check(z.describe('How many postings the account has had.')),
    status: accountStatus,
    floor: money.check(z.describe('The lowest balance withdrawals and transfers may leave.')),
    lockedUntil: z.optional(moment),
    openedAt: z.optional(moment),
  })
  .register(z.globalRegistry, { id: 'AuditedAccount' });

export const searchAccounts = defineCall({
  id: 'searchAccounts',
  method: 'get',
  path: '/api/v1/audit/accounts',
  group: 'Audit',
  summary: 'Find accounts by number, holder or type',
  who: 'auditor',
  query: z.strictObject({
    query: z.optional(z.string().check(z.maxLength(100, 'must have at most 100 characters'))),
    status: z.optional(accountStatus),
    type: z.optional(accountType),
    cursor: z.optional(accountNumber).check(z.describe('The `next` of the page before.')),
    limit,
    after,
  }),
  answer: {
    status: 200,
    description: 'A page of accounts, in the order of their numbers.',
    schema: z.object({ accounts: z.array(account), next }).register(z.globalRegistry, { id: 'AuditedAccounts' }),
  },
  rejections: ['overloaded', 'unavailable'],
});

export const auditAccount = defineCall({
  id: 'auditAccount',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}',
  group: 'Audit',
  summary: 'See one account',
  who: 'auditor',
  params: accountParams,
  query: z.strictObject({ after }),
  answer: {
    status: 200,
    description: 'The account, as of `position`.',
    schema: z.extend(account, { position }).register(z.globalRegistry, { id: 'AuditedAccountAt' }),
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

export const auditEvents = defineCall({
  id: 'auditEvents',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/events',
  group: 'Audit',
  summary: 'See an account’s events as the journal has them, oldest first',
  who: 'auditor',
  params: accountParams,
  query: z.strictObject({
    cursor: z._default(wholeNumber(0), 0),
    limit,
    after,
  }),
  answer: {
    status: 200,
    description: 'A page of events.',
    schema: z
      .object({
        events: z.array(
          z
            .object({
              position,
              id: z.uuid(),
              type: z.string(),
              data: z.record(z.string(), z.unknown()),
              metadata: z.record(z.string(), z.string()),
              stored: z
                .object({ data: z.string(), metadata: z.string() })
                .check(z.describe('The exact JSON texts that were written.')),
            })
            .register(z.globalRegistry, { id: 'JournalEvent' }),
        ),
        next,
      })
      .register(z.globalRegistry, { id: 'JournalEvents' }),
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

const accountState = z.object({
  balance: money,
  currency,
  version: z.int(),
  status: accountStatus,
  floor: money,
  customer: z.optional(z.string()),
  accountType: z.optional(accountType),
  lockedUntil: z.optional(moment),
});

const exists = (written: string): boolean => {
  const day = written.slice(0, 10);
  return !Number.isNaN(Date.parse(written)) && new Date(day).toISOString().startsWith(day);
};
const instant = z.string().check(
  z.regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, {
    error: 'must be a day such as "2026-01-31" or a moment such as "2026-01-31T09:30:00Z"',
    abort: true,
  }),
  z.refine(exists, 'must be a day or a moment that exists'),
);

export const auditState = defineCall({
  id: 'auditState',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/state',
  group: 'Audit',
  summary: 'See an account’s state at any version or moment, folded from the journal',
  description:
    'With `version`, the last state the account had with that many postings. With `at`, the state after ' +
    'everything recorded up to that moment (a day: up to its end in the bank’s time zone), and beside it the balance of what counts up ' +
    'to that day by its value date, whenever it was recorded. With neither, the state now.',
  who: 'auditor',
  params: accountParams,
  query: z
    .strictObject({ version: z.optional(wholeNumber(0)), at: z.optional(instant), after })
    .check(
      z.refine(({ version, at }) => version === undefined || at === undefined, 'must have version or at, not both'),
    ),
  answer: {
    status: 200,
    description: 'The state; without `state` when the account did not exist at that moment.',
    schema: z
      .object({
        account: anyAccount,
        asOf: z
          .optional(z.object({ position, recordedAt: moment }))
          .check(z.describe('The last event the state includes.')),
        state: z.optional(accountState),
        balanceByValueDate: z.optional(money),
      })
      .register(z.globalRegistry, { id: 'AuditedState' }),
  },
  rejections: ['account_not_found', 'history_broken', 'history_too_long', 'overloaded', 'unavailable'],
});

export const auditStateSummary = defineCall({
  id: 'auditStateSummary',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/state-summary',
  group: 'Audit',
  summary: 'See an account’s state right after a posting, as that posting in the journal says it',
  description:
    'The posting with this `version`, or the last one recorded up to the moment `at` (a day: up to its end in the bank’s time zone). ' +
    'Quick however long the history is: the start of a replay in its middle. `/state` folds all of it.',
  who: 'auditor',
  params: accountParams,
  query: z
    .strictObject({ version: z.optional(wholeNumber(1)), at: z.optional(instant) })
    .check(
      z.refine(({ version, at }) => (version === undefined) !== (at === undefined), 'must have either version or at'),
    ),
  answer: {
    status: 200,
    description: 'The state after the event at `position`.',
    schema: z.object({ position, state: accountState }).register(z.globalRegistry, { id: 'AuditedStateSummary' }),
  },
  rejections: ['account_not_found', 'entry_not_found', 'overloaded', 'unavailable'],
});

export const auditEntries = defineCall({
  id: 'auditEntries',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/entries',
  group: 'Audit',
  summary: 'See an account’s entries, newest first',
  who: 'auditor',
  params: accountParams,
  query: z.strictObject({ before: z.optional(wholeNumber(1)), limit, after }),
  answer: {
    status: 200,
    description: 'A page of entries; `next` is the `before` of the one after it.',
    schema: z
      .object({
        entries: z.array(
          z.extend(entry, { version: z.int(), position }).register(z.globalRegistry, { id: 'AuditedEntry' }),
        ),
        next,
      })
      .register(z.globalRegistry, { id: 'AuditedEntries' }),
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});

export const readBalanceHistory = defineCall({
  id: 'readBalanceHistory',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/balance-history',
  group: 'Audit',
  summary: 'See the history of an account’s balance over its whole life',
  who: 'auditor',
  params: accountParams,
  query: z.strictObject({ points: z._default(wholeNumber(10, 5_000), 1_000) }),
  answer: {
    status: 200,
    description: 'Each point is the last entry of a window of the history, with the lowest and highest balance in it.',
    schema: z
      .object({
        points: z.array(
          z.object({ version: z.int(), recordedAt: moment, valueDate: day, balance: money, low: money, high: money }),
        ),
      })
      .register(z.globalRegistry, { id: 'BalanceHistory' }),
  },
  rejections: ['account_not_found', 'overloaded', 'unavailable'],
});
