/** The calls that show the whole bank in figures: its overview and its trial balance. */
import * as z from 'zod/mini';
import { defineCall } from '../call.ts';
import { after, day, moment, money, position } from '../fields.ts';

/** A checkpoint: of how many events, and since when. */
const reached = z.nullable(z.object({ size: position, at: moment }));

const transparencyLog = z
  .object({
    origin: z.string(),
    signed: reached.check(z.describe('The last checkpoint that was signed; null while none was.')),
    cosigned: reached.check(z.describe('The last one that enough witnesses cosigned; null while none was.')),
    stopped: z.nullable(z.string()).check(z.describe('Why the signer signs nothing any more.')),
    unsignedSeconds: z
      .number()
      .check(z.describe('For how long there have been events that no signed checkpoint includes.')),
    uncosignedSeconds: z.number().check(z.describe('The same of cosigned ones; 0 while no witness ever cosigned.')),
    trouble: z.nullable(z.enum(['stopped', 'not_signed', 'not_cosigned'])),
  })
  .register(z.globalRegistry, { id: 'TransparencyLog' });

export const readOverview = defineCall({
  id: 'readOverview',
  method: 'get',
  path: '/api/v1/audit/overview',
  group: 'Audit',
  summary: 'See an overview of the whole bank',
  description: 'The days are by value date.',
  who: 'auditor',
  answer: {
    status: 200,
    description: 'The bank.',
    schema: z
      .object({
        head: position,
        readModel: z.object({ position, lagSeconds: z.number() }),
        log: z.optional(transparencyLog),
        accounts: z.object({ open: z.int(), frozen: z.int(), closed: z.int(), locked: z.int() }),
        days: z.array(z.object({ day, deposits: money, outflow: money, transfers: money, operations: z.int() })),
      })
      .register(z.globalRegistry, { id: 'BankOverview' }),
  },
  rejections: ['overloaded', 'unavailable'],
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
      .register(z.globalRegistry, { id: 'TrialBalance' }),
  },
  rejections: ['overloaded', 'unavailable'],
});
