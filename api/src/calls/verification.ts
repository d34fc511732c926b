/** The calls that verify the whole bank against its journal: begin, list and follow. */
import * as z from 'zod/mini';
import { defineCall, eventStream } from '../call.ts';
import { moment, money, position, wholeNumber } from '../fields.ts';

/** The journal itself, the signed log over it, every table of the read model, and the results of verifications before. */
export const verifiedTables = [
  'journal',
  'log',
  'accounts',
  'balances',
  'entries',
  'account_events',
  'customers',
  'idempotency_keys',
  'daily_totals',
  'kind_totals',
  'status_totals',
  'audit.verifications',
] as const;

const fields = {
  id: z.int(),
  startedBy: z.string(),
  startedAt: moment,
  endedAt: z.optional(moment),
  position: position.check(z.describe('The position of journal and read model when it began.')),
  verified: z
    .int()
    .check(z.describe('How many events so far; where it was broken off, none after these was compared.')),
  eventsPerSecond: z.int(),
  state: z.enum(['running', 'passed', 'differs', 'broken_off']),
  accounts: z.optional(z.int()),
  entries: z.optional(z.int()),
  total: z.optional(money).check(z.describe('The sum of all balances: 0.00, or the books are wrong.')),
  differenceCount: z.optional(z.int()),
  log: z
    .optional(
      z.object({ signed: z.int(), cosigned: z.optional(z.int()), witnessesAsked: z.int(), witnessesAnswered: z.int() }),
    )
    .check(
      z.describe(
        'The transparency log that the events were compared with: so many are covered by its signed checkpoint, and by the last one that enough witnesses cosigned. Absent: the bank has no log yet, and nothing is said of one.',
      ),
    ),
  failure: z
    .optional(z.string())
    .check(z.describe('Why it was broken off, with the position where it is the journal’s.')),
};

const verification = z.object(fields).register(z.globalRegistry, { id: 'Verification' });

const verificationInFull = z
  .object({
    ...fields,
    differences: z
      .optional(
        z.array(
          z.object({
            table: z.enum(verifiedTables),
            key: z.string(),
            column: z.optional(z.string()),
            account: z.optional(z.string()),
            journal: z.optional(z.string()),
            readModel: z.optional(z.string()),
          }),
        ),
      )
      .check(
        z.describe(
          'At most 500: the table (or the journal), which row, which column (none: the whole row), what the journal says, and what the table holds. Amounts in the currency’s form; names are never said.',
        ),
      ),
  })
  .register(z.globalRegistry, { id: 'VerificationInFull' });

export const beginVerification = defineCall({
  id: 'beginVerification',
  method: 'post',
  path: '/api/v1/audit/verifications',
  group: 'Audit',
  summary:
    'Verify the whole bank: replay the journal, recompute every balance and entry, compare, also with the signed log',
  description:
    'One runs at a time: asked for while one runs, that one is the answer. Its result is an event of the journal; nothing else changes.',
  who: 'auditor',
  answer: {
    status: 201,
    description: 'It runs.',
    schema: z.object({ id: z.int() }).register(z.globalRegistry, { id: 'VerificationBegun' }),
  },
  rejections: ['overloaded', 'unavailable'],
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
    description: 'At most 50, each with how many differences it found.',
    schema: z.object({ verifications: z.array(verification) }).register(z.globalRegistry, { id: 'Verifications' }),
  },
  rejections: ['overloaded', 'unavailable'],
});

export const readVerification = defineCall({
  id: 'readVerification',
  method: 'get',
  path: '/api/v1/audit/verifications/{id}',
  group: 'Audit',
  summary: 'See a verification with the differences it found',
  who: 'auditor',
  params: z.strictObject({ id: wholeNumber(1) }),
  answer: { status: 200, description: 'The verification.', schema: verificationInFull },
  rejections: ['not_found', 'overloaded', 'unavailable'],
});

export const followVerification = defineCall({
  id: 'followVerification',
  method: 'get',
  path: '/api/v1/audit/verifications/{id}/progress',
  group: 'Audit',
  summary: 'Follow a verification to its end',
  description: 'Server-sent events named `progress`, each a `VerificationInFull`; the last one has ended.',
  who: 'auditor',
  params: z.strictObject({ id: wholeNumber(1) }),
  answer: { ...eventStream, description: 'Its progress.' },
  rejections: ['not_found', 'overloaded', 'unavailable'],
});
