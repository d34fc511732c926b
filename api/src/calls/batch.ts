/** The call that takes up to a thousand transfers at once. */
import * as z from 'zod/mini';
import { apiRejectionCodes } from '../problems.ts';
import { defineCall } from '../call.ts';
import { accountNumber, amount, position, proposalId, reason, text } from '../fields.ts';

const mostTransfers = 1_000;

export const batchTransfer = z
  .strictObject({
    // Without a colon, so that key and id cannot run into each other.
    id: z.string().check(z.regex(/^[\w.-]{1,36}$/, 'must be 1 to 36 letters, digits, ".", "_" or "-"')),
    from: accountNumber,
    to: accountNumber,
    amount,
    reference: z.optional(text(140)),
  })
  .register(z.globalRegistry, { id: 'BatchTransfer' });

export const batchResults = z
  .array(
    z.object({
      id: z.string(),
      status: z.enum(['accepted', 'rejected']),
      code: z.optional(z.enum(apiRejectionCodes)),
    }),
  )
  .register(z.globalRegistry, { id: 'BatchResults', description: 'What became of each transfer, in the order given.' });

export const transferBatch = defineCall({
  id: 'transferBatch',
  method: 'post',
  path: '/api/v1/transfers/batch',
  group: 'Batch',
  summary: 'Carry out many transfers',
  description:
    'Each transfer is decided on its own, in the order given; a rejected one does not stop the others. Every transfer is ' +
    'idempotent by the Idempotency-Key and its own `id`: after an answer of 503, send the whole batch again. The key stands ' +
    'for one reason and one list of ids. Where the amounts add up to more than an operator may move alone (`BATCH_LIMIT`), ' +
    'nothing is carried out: the batch is a proposal, which another operator has to approve.',
  who: 'operator',
  command: true,
  bodyLimitBytes: 524_288,
  body: z
    .strictObject({
      reason,
      transfers: z.array(batchTransfer).check(
        z.minLength(1, 'must have at least one transfer'),
        z.maxLength(mostTransfers, `must have at most ${String(mostTransfers)} transfers`),
        z.refine(
          (items) => new Set(items.map(({ id }) => id)).size === items.length,
          'must not have the same id twice',
        ),
      ),
    })
    .register(z.globalRegistry, { id: 'Batch' }),
  answer: {
    status: 200,
    description: 'The batch was carried out: `results` has what became of each transfer.',
    otherwise: { status: 202, description: 'Nothing was carried out: `proposalId` waits for another operator.' },
    schema: z
      .object({
        results: z.optional(batchResults),
        proposalId: z.optional(proposalId),
        position: position.check(z.describe('Everything the call did is at or before this position.')),
      })
      .register(z.globalRegistry, { id: 'BatchAnswer' }),
  },
  rejections: ['idempotency_key_reused', 'overloaded', 'unavailable'],
});
