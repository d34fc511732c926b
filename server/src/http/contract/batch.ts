/** The call that takes up to a thousand transfers at once. */
import { z } from 'zod';
import { refusalCodes } from '../problems.ts';
import { defineCall } from './call.ts';
import { accountNumber, amount, position, text } from './fields.ts';

const mostTransfers = 1_000;

const item = z
  .strictObject({
    // Without a colon, so that key and id cannot run into each other.
    id: z.string().regex(/^[\w.-]{1,36}$/, 'must be 1 to 36 letters, digits, ".", "_" or "-"'),
    from: accountNumber,
    to: accountNumber,
    amount,
    reference: text(140).optional(),
  })
  .meta({ id: 'BatchTransfer' });

export const transferBatch = defineCall({
  id: 'transferBatch',
  method: 'post',
  path: '/api/v1/transfers/batch',
  group: 'Batch',
  summary: 'Carry out many transfers',
  description:
    'Each transfer is decided on its own, in the order given; a rejected one does not stop the others. Every transfer is ' +
    'idempotent by the Idempotency-Key and its own `id`: after an answer of 503, send the whole batch again.',
  who: 'operator',
  command: true,
  bodyLimitBytes: 524_288,
  body: z
    .strictObject({
      transfers: z
        .array(item)
        .min(1, 'must have at least one transfer')
        .max(mostTransfers, `must have at most ${String(mostTransfers)} transfers`)
        .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, 'must not have the same id twice'),
    })
    .meta({ id: 'Batch' }),
  answer: {
    status: 200,
    description: 'What became of each transfer, in the order given.',
    schema: z
      .object({
        results: z.array(
          z.object({ id: z.string(), status: z.enum(['accepted', 'rejected']), code: z.enum(refusalCodes).optional() }),
        ),
        position: position.meta({ description: 'Everything the batch did stands at or before this position.' }),
      })
      .meta({ id: 'BatchResults' }),
  },
  refusals: ['overloaded', 'unavailable'],
});
