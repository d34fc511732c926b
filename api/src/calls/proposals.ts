/** The calls for four eyes: what one operator proposed and may not do alone, and what another makes of it. */
import * as z from 'zod/mini';
import { actions } from '../../../ledger/src/domain/events.ts';
import type { ApiRejectionCode } from '../problems.ts';
import { defineCall } from '../call.ts';
import { currency, moment, money, position, proposalId, reason, wholeNumber } from '../fields.ts';
import { batchResults, batchTransfer } from './batch.ts';

const proposal = z
  .object({
    proposalId,
    position: position.check(z.describe('Where the proposal is in the journal.')),
    action: z.enum(actions),
    reason: z.string(),
    proposer: z.string(),
    proposedAt: moment,
    expiresAt: moment,
    count: z.int().check(z.describe('How many transfers.')),
    total: money.check(z.describe('What they add up to.')),
    currency,
    state: z.enum(['open', 'expired', 'approved', 'rejected']),
    decision: z
      .optional(z.object({ by: z.string(), at: moment, reason: z.optional(z.string()), position }))
      .check(z.describe('Once it is approved or rejected.')),
    carriedOutAt: z.optional(moment).check(z.describe('Absent after an approval: approve again, and it goes on.')),
  })
  .register(z.globalRegistry, { id: 'Proposal' });

export const listProposals = defineCall({
  id: 'listProposals',
  method: 'get',
  path: '/api/v1/operations/proposals',
  group: 'Operations',
  summary: 'List what waits for a second person, or what became of it',
  who: 'auditor',
  query: z.strictObject({
    state: z
      ._default(z.enum(['open', 'closed']), 'open')
      .check(z.describe('`open`: can be decided; `closed`: decided or expired.')),
    limit: z._default(wholeNumber(1, 100), 20),
    cursor: z.optional(wholeNumber(1)).check(z.describe('`next` of the page before.')),
  }),
  answer: {
    status: 200,
    description: 'Newest first.',
    schema: z
      .object({ proposals: z.array(proposal), next: z.optional(z.string()) })
      .register(z.globalRegistry, { id: 'Proposals' }),
  },
  rejections: ['proposal_altered', 'unavailable'],
});

const one = { params: z.strictObject({ id: proposalId }) };
const ofOne = ['proposal_not_found', 'proposal_altered'] as const satisfies ApiRejectionCode[];
const deciding = [
  'proposal_decided',
  'proposal_expired',
  'overloaded',
  'unavailable',
] as const satisfies ApiRejectionCode[];

export const readProposal = defineCall({
  ...one,
  id: 'readProposal',
  method: 'get',
  path: '/api/v1/operations/proposals/{id}',
  group: 'Operations',
  summary: 'See exactly what an approval would carry out',
  who: 'auditor',
  answer: {
    status: 200,
    description: 'The proposal with its content, which is held against the journal.',
    schema: z
      .object({ proposal, transfers: z.array(batchTransfer) })
      .register(z.globalRegistry, { id: 'ProposalContent' }),
  },
  rejections: [...ofOne, 'unavailable'],
});

export const approveProposal = defineCall({
  ...one,
  id: 'approveProposal',
  method: 'post',
  path: '/api/v1/operations/proposals/{id}/approve',
  group: 'Operations',
  summary: 'Approve what another operator proposed, and carry it out',
  description:
    'The proposal’s id is the idempotency key: the same call again gives the same results, and goes on where it was cut short.',
  who: 'operator',
  answer: {
    status: 200,
    description: 'It is approved and carried out: what became of each transfer.',
    schema: z
      .object({
        results: batchResults,
        position: position.check(z.describe('Everything the approval did is at or before this position.')),
      })
      .register(z.globalRegistry, { id: 'ProposalCarriedOut' }),
  },
  rejections: [...ofOne, 'own_proposal', ...deciding],
});

export const rejectProposal = defineCall({
  ...one,
  id: 'rejectProposal',
  method: 'post',
  path: '/api/v1/operations/proposals/{id}/reject',
  group: 'Operations',
  summary: 'Reject a proposal, or take one’s own back',
  who: 'operator',
  body: z.strictObject({ reason }),
  answer: {
    status: 200,
    description: 'It is rejected, for good.',
    schema: z.object({ position }).register(z.globalRegistry, { id: 'ProposalRejected' }),
  },
  rejections: [...ofOne, ...deciding],
});
