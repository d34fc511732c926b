/** The read-only calls of an auditor: any account, its events, its state at any moment, and the whole bank's balance. */
import { z } from 'zod';
import { entry } from './accounts.ts';
import { defineCall } from './call.ts';
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
} from './fields.ts';

const largest = Number.MAX_SAFE_INTEGER;
const account = z.strictObject({ account: anyAccount });
const next = z.string().optional().meta({ description: 'The `cursor` of the page after this one, if there is one.' });
const limit = wholeNumber(1, 1_000).default(50);

const overview = z
  .object({
    account: anyAccount,
    kind: z.enum(['customer', 'internal']),
    holder: z.string().optional(),
    customer: z.string().optional(),
    accountType: accountType.optional(),
    balance: money,
    currency,
    version: z.int().meta({ description: 'How many postings the account has had.' }),
    status: accountStatus,
    floor: money.meta({ description: 'The lowest balance withdrawals and transfers may leave.' }),
    lockedUntil: moment.optional(),
    openedAt: moment.optional(),
  })
  .meta({ id: 'AuditedAccount' });

export const searchAccounts = defineCall({
  id: 'searchAccounts',
  method: 'get',
  path: '/api/v1/audit/accounts',
  group: 'Audit',
  summary: 'Find accounts by number, holder or type',
  who: 'auditor',
  query: z.strictObject({
    query: z.string().max(100, 'must have at most 100 characters').optional(),
    status: accountStatus.optional(),
    type: accountType.optional(),
    cursor: accountNumber.optional().meta({ description: 'The `next` of the page before.' }),
    limit,
    after,
  }),
  answer: {
    status: 200,
    description: 'A page of accounts, in the order of their numbers.',
    schema: z.object({ accounts: z.array(overview), next }).meta({ id: 'AuditedAccounts' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const auditAccount = defineCall({
  id: 'auditAccount',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}',
  group: 'Audit',
  summary: 'See one account',
  who: 'auditor',
  params: account,
  query: z.strictObject({ after }),
  answer: {
    status: 200,
    description: 'The account, as of `position`.',
    schema: overview.extend({ position }).meta({ id: 'AuditedAccountAt' }),
  },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

export const auditEvents = defineCall({
  id: 'auditEvents',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/events',
  group: 'Audit',
  summary: 'See an account’s events as the journal has them, oldest first',
  who: 'auditor',
  params: account,
  query: z.strictObject({
    cursor: wholeNumber(0, largest).default(0),
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
                .meta({ description: 'The exact JSON texts that were written.' }),
            })
            .meta({ id: 'JournalEvent' }),
        ),
        next,
      })
      .meta({ id: 'JournalEvents' }),
  },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

const accountState = z.object({
  balance: money,
  currency,
  version: z.int(),
  status: accountStatus,
  floor: money,
  customer: z.string().optional(),
  accountType: accountType.optional(),
  lockedUntil: moment.optional(),
});

const exists = (written: string): boolean => {
  const day = written.slice(0, 10);
  return !Number.isNaN(Date.parse(written)) && new Date(day).toISOString().startsWith(day);
};
const instant = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/, {
    error: 'must be a day such as "2026-01-31" or a moment such as "2026-01-31T09:30:00Z"',
    abort: true,
  })
  .refine(exists, 'must be a day or a moment that exists');

export const auditState = defineCall({
  id: 'auditState',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/state',
  group: 'Audit',
  summary: 'See an account’s state at any version or moment, folded from the journal',
  description:
    'With `version`, the last state the account had with that many postings. With `at`, the state after ' +
    'everything recorded up to that moment (a day: up to its end, UTC), and beside it the balance of what counts up ' +
    'to that day by its value date, whenever it was recorded. With neither, the state now.',
  who: 'auditor',
  params: account,
  query: z
    .strictObject({ version: wholeNumber(0, largest).optional(), at: instant.optional(), after })
    .refine(({ version, at }) => version === undefined || at === undefined, 'must have version or at, not both'),
  answer: {
    status: 200,
    description: 'The state; without `state` when the account did not exist at that moment.',
    schema: z
      .object({
        account: anyAccount,
        asOf: z
          .object({ position, recordedAt: moment })
          .optional()
          .meta({ description: 'The last event the state includes.' }),
        state: accountState.optional(),
        balanceByValueDate: money.optional(),
      })
      .meta({ id: 'AuditedState' }),
  },
  refusals: ['account_not_found', 'history_broken', 'overloaded', 'unavailable'],
});

export const auditStanding = defineCall({
  id: 'auditStanding',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/standing',
  group: 'Audit',
  summary: 'See where an account stood right after a posting, as that posting in the journal says it',
  description:
    'The posting with this `version`, or the last one recorded up to the moment `at` (a day: up to its end, UTC). ' +
    'Quick however long the history is: the start of a replay in its middle. `/state` folds all of it.',
  who: 'auditor',
  params: account,
  query: z
    .strictObject({ version: wholeNumber(1, largest).optional(), at: instant.optional() })
    .refine(({ version, at }) => (version === undefined) !== (at === undefined), 'must have either version or at'),
  answer: {
    status: 200,
    description: 'The state after the event at `position`.',
    schema: z.object({ position, state: accountState }).meta({ id: 'AuditedStanding' }),
  },
  refusals: ['account_not_found', 'entry_not_found', 'overloaded', 'unavailable'],
});

export const auditEntries = defineCall({
  id: 'auditEntries',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/entries',
  group: 'Audit',
  summary: 'See an account’s entries, newest first',
  who: 'auditor',
  params: account,
  query: z.strictObject({ before: wholeNumber(1, largest).optional(), limit, after }),
  answer: {
    status: 200,
    description: 'A page of entries; `next` is the `before` of the one after it.',
    schema: z
      .object({
        entries: z.array(entry.extend({ version: z.int(), position }).meta({ id: 'AuditedEntry' })),
        next,
      })
      .meta({ id: 'AuditedEntries' }),
  },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

export const trialBalance = defineCall({
  id: 'trialBalance',
  method: 'get',
  path: '/api/v1/audit/trial-balance',
  group: 'Audit',
  summary: 'See that all balances add up to zero',
  who: 'auditor',
  query: z.strictObject({ after }),
  answer: {
    status: 200,
    description: 'The sums as of `position`.',
    schema: z
      .object({
        position,
        accounts: z.array(z.object({ kind: z.string(), accounts: z.int(), balance: money })),
        total: money,
        balanced: z.boolean(),
      })
      .meta({ id: 'TrialBalance' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const readOverview = defineCall({
  id: 'readOverview',
  method: 'get',
  path: '/api/v1/audit/overview',
  group: 'Audit',
  summary: 'See the whole bank at a glance',
  description: 'The days are by value date, and may be up to a minute old.',
  who: 'auditor',
  answer: {
    status: 200,
    description: 'The bank.',
    schema: z
      .object({
        head: position,
        readModel: z.object({ position, lagSeconds: z.number() }),
        accounts: z.object({ open: z.int(), frozen: z.int(), closed: z.int(), locked: z.int() }),
        days: z.array(z.object({ day, deposits: money, outflow: money, transfers: money, operations: z.int() })),
      })
      .meta({ id: 'BankOverview' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const readCurve = defineCall({
  id: 'readCurve',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/curve',
  group: 'Audit',
  summary: 'See the curve of an account’s balance over its whole life',
  who: 'auditor',
  params: account,
  query: z.strictObject({ points: wholeNumber(10, 5_000).default(1_000) }),
  answer: {
    status: 200,
    description: 'Each point is the last entry of a stretch, with the lowest and highest balance in it.',
    schema: z
      .object({
        points: z.array(
          z.object({ version: z.int(), recordedAt: moment, valueDate: day, balance: money, low: money, high: money }),
        ),
      })
      .meta({ id: 'Curve' }),
  },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

const stream = { status: 200, schema: z.string(), mediaType: 'text/event-stream' } as const;

export const followFeed = defineCall({
  id: 'followFeed',
  method: 'get',
  path: '/api/v1/audit/feed',
  group: 'Audit',
  summary: 'Follow what happens, live',
  description:
    'Server-sent events: `journal` (as `/events` has them; its id is the position) and `security` (wrong PINs, log-ins of staff). Without `after`, the last fifty first.',
  who: 'auditor',
  query: z.strictObject({ after: wholeNumber(0, largest).optional() }),
  answer: { ...stream, description: 'The feed; it ends after ten minutes, and a browser comes back by itself.' },
  refusals: ['overloaded', 'unavailable'],
});

const verification = z
  .object({
    id: z.int(),
    startedBy: z.string(),
    startedAt: moment,
    endedAt: moment.optional(),
    position: position.meta({ description: 'Where journal and read model stood when it began.' }),
    verified: z.int().meta({ description: 'How many events so far.' }),
    eventsPerSecond: z.int(),
    state: z.enum(['running', 'passed', 'differs', 'failed']),
    accounts: z.int().optional(),
    entries: z.int().optional(),
    total: money.optional().meta({ description: 'The sum of all balances: 0.00, or the books are wrong.' }),
    differences: z
      .array(
        z.object({
          what: z.enum(['journal', 'entry', 'balance', 'version', 'status']),
          account: z.string().optional(),
          entryId: z.string().optional(),
          journal: z.string().optional(),
          readModel: z.string().optional(),
        }),
      )
      .optional()
      .meta({ description: 'At most 500: what the journal says, and what the read model shows.' }),
    failure: z.string().optional(),
  })
  .meta({ id: 'Verification' });

export const beginVerification = defineCall({
  id: 'beginVerification',
  method: 'post',
  path: '/api/v1/audit/verifications',
  group: 'Audit',
  summary: 'Verify the whole bank: replay the journal, recompute every balance and entry, compare',
  description: 'One runs at a time: asked for while one runs, that one is the answer. It changes nothing.',
  who: 'auditor',
  answer: {
    status: 201,
    description: 'It runs.',
    schema: z.object({ id: z.int() }).meta({ id: 'VerificationBegun' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const listVerifications = defineCall({
  id: 'listVerifications',
  method: 'get',
  path: '/api/v1/audit/verifications',
  group: 'Audit',
  summary: 'See the verifications, newest first',
  who: 'auditor',
  answer: {
    status: 200,
    description: 'At most 50.',
    schema: z.object({ verifications: z.array(verification) }).meta({ id: 'Verifications' }),
  },
  refusals: ['overloaded', 'unavailable'],
});

export const followVerification = defineCall({
  id: 'followVerification',
  method: 'get',
  path: '/api/v1/audit/verifications/{id}/progress',
  group: 'Audit',
  summary: 'Follow a verification to its end',
  description: 'Server-sent events named `progress`, each a whole `Verification`; the last one has ended.',
  who: 'auditor',
  params: z.strictObject({ id: wholeNumber(1, largest) }),
  answer: { ...stream, description: 'Its progress.' },
  refusals: ['not_found', 'overloaded', 'unavailable'],
});

/** Parts of an account's life, for files. */
const stretch = z.strictObject({
  from: wholeNumber(1, largest).default(1),
  to: wholeNumber(1, largest)
    .optional()
    .meta({ description: 'Versions (CSV) or positions (JSON lines), both ends included.' }),
});

export const exportEntries = defineCall({
  id: 'exportEntries',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/entries.csv',
  group: 'Audit',
  summary: 'Download an account’s entries as CSV',
  who: 'auditor',
  params: account,
  query: stretch,
  answer: { status: 200, description: 'Oldest first.', schema: z.string(), mediaType: 'text/csv' },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

export const exportEvents = defineCall({
  id: 'exportEvents',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/events.jsonl',
  group: 'Audit',
  summary: 'Download an account’s events as JSON lines, as the journal has them',
  who: 'auditor',
  params: account,
  query: stretch,
  answer: { status: 200, description: 'Oldest first.', schema: z.string(), mediaType: 'application/jsonl' },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});

export const mostStatementEntries = 5_000;

export const exportStatement = defineCall({
  id: 'exportStatement',
  method: 'get',
  path: '/api/v1/audit/accounts/{account}/statement.pdf',
  group: 'Audit',
  summary: 'Download a statement as PDF',
  description: `Of the entries \`from\` to \`to\`, at most ${String(mostStatementEntries)}; without them, the last ones.`,
  who: 'auditor',
  params: account,
  query: z
    .strictObject({ from: wholeNumber(1, largest).optional(), to: wholeNumber(1, largest).optional() })
    .refine(
      ({ from, to }) => from === undefined || to === undefined || (to >= from && to - from < mostStatementEntries),
      `must have from not after to, and at most ${String(mostStatementEntries)} entries between them`,
    ),
  answer: { status: 200, description: 'The statement.', schema: z.string(), mediaType: 'application/pdf' },
  refusals: ['account_not_found', 'overloaded', 'unavailable'],
});
