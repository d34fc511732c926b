/** The routes of four eyes: list and read what was proposed, approve and carry it out, or reject it. */
import type { KeyObject } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import * as contract from '../../../../api/src/calls/proposals.ts';
import { carryOutTransfers } from '../../proposals/carry-out.ts';
import type { ProposalRow, ProposalStore } from '../../proposals/proposal-store.ts';
import type { Altered, BatchTransfer, Decision, Proposal } from '../../proposals/proposals.ts';
import { decisionIn, openContent, readProposals, stateOf } from '../../proposals/proposals.ts';
import { commandIds, requestHash } from '../idempotency.ts';
import type { RequestContext, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { page } from '../view.ts';
import type { Rejected } from '../waiting.ts';
import { submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly journal: Journal;
  readonly proposals: ProposalStore;
  readonly requestKey: KeyObject;
};

export const proposalRoutes = (parts: Parts): readonly Route[] => [
  route(contract.listProposals, async ({ query: { state, limit, cursor } }) => {
    const found = await parts.proposals.list({ state, before: cursor, limit: limit + 1 });
    const { items, next } = page(found, limit, ({ position }) => String(position));
    const proposals = await readProposals(parts.journal, items);
    if ('code' in proposals) return proposals;
    return { body: { proposals: proposals.map((one) => viewProposal(one)), ...(next !== undefined && { next }) } };
  }),

  route(contract.readProposal, async ({ params: { id } }) => {
    const found = await find(parts, id);
    if ('code' in found) return found;
    return { body: { proposal: viewProposal(found.proposal), transfers: [...found.transfers] } };
  }),

  route(contract.approveProposal, async (context) => {
    const found = await find(parts, context.params.id);
    if ('code' in found) return found;
    const { proposed } = found.proposal;
    const decided = await decide(parts, context, proposed.proposal, {
      type: 'ApproveAction',
      ...facts(context, found),
    });
    if ('code' in decided) return decided;
    if (decided.event.type !== 'ActionApproved') return { code: 'proposal_decided' };
    // Whoever goes on where it was cut short: it was the first approver's decision.
    const { actor } = decided.recorded.metadata;
    const who = { actor, terminal: context.terminal, correlationId: context.correlationId };
    const ofTransfer = (id: string) => commandIds.ofProposal(proposed.proposal, id);
    const done = await carryOutTransfers(parts, found.transfers, ofTransfer, who);
    if ('code' in done) return done;
    await parts.proposals.setCarriedOut(proposed.proposal);
    return { body: { results: done.results, position: Math.max(done.position, decided.recorded.position) } };
  }),

  route(contract.rejectProposal, async (context) => {
    const found = await find(parts, context.params.id);
    if ('code' in found) return found;
    const { proposal } = found.proposal.proposed;
    const command = { type: 'RejectAction', reason: context.body.reason, ...facts(context, found) } as const;
    const decided = await decide(parts, context, proposal, command);
    if ('code' in decided) return decided;
    if (decided.event.type !== 'ActionRejected') return { code: 'proposal_decided' };
    return { body: { position: decided.recorded.position } };
  }),
];

type Found = { readonly proposal: Proposal; readonly transfers: readonly BatchTransfer[] };

/** The proposal with its content, both held against the journal. */
async function find(
  { proposals, journal }: Pick<Parts, 'proposals' | 'journal'>,
  id: string,
): Promise<Found | Altered | { readonly code: 'proposal_not_found' }> {
  const row = await proposals.find(id);
  if (row === undefined) return { code: 'proposal_not_found' };
  const read = await readProposals(journal, [row satisfies ProposalRow]);
  if ('code' in read) return read;
  const [proposal] = read as [Proposal];
  const content = openContent(row.content, proposal.proposed) as
    { readonly transfers: readonly BatchTransfer[] } | undefined;
  if (content === undefined) return { code: 'proposal_altered', id };
  return { proposal, transfers: content.transfers };
}

type Context = Pick<RequestContext<typeof contract.approveProposal>, 'caller' | 'terminal' | 'correlationId'>;

const facts = ({ caller }: Context, { proposal: { proposed } }: Found) => ({
  proposal: proposed,
  by: caller.username,
  at: new Date().toISOString(),
});

/**
 * The proposal is the key, and neither who decides nor what is part of the hash: the first decision is the answer to
 * every later one, on every server.
 */
async function decide(
  { bookkeeper, proposals, requestKey }: Parts,
  { caller, terminal, correlationId }: Context,
  proposal: string,
  command: Command,
): Promise<Decision | Rejected> {
  const outcome = await submit(bookkeeper, {
    command,
    commandId: commandIds.ofDecision(proposal),
    requestHash: requestHash(requestKey, contract.approveProposal, { proposal }),
    actor: `staff:${caller.username}`,
    terminal,
    correlationId,
  });
  if ('code' in outcome) return outcome;
  const decision = decisionIn(outcome.recorded[0]);
  if (decision === undefined) throw new Error(`the key of a decision leads to ${outcome.recorded[0].event.type}`);
  await proposals.setDecision(proposal, outcome.position);
  return decision;
}

function viewProposal(found: Proposal) {
  const { row, proposed, proposedAt, decision } = found;
  return {
    proposalId: proposed.proposal,
    position: row.position,
    ...{ action: proposed.action, reason: proposed.reason, proposer: proposed.proposer },
    ...{ proposedAt, expiresAt: proposed.expiresAt },
    ...{ count: proposed.count, total: formatAmount(proposed.total, proposed.currency), currency: proposed.currency },
    state: stateOf(found, Date.now()),
    ...(decision !== undefined && { decision: viewDecision(decision) }),
    ...(row.carriedOutAt !== undefined && { carriedOutAt: row.carriedOutAt }),
  };
}

const viewDecision = ({ recorded: { metadata, position }, event }: Decision) => ({
  by: metadata.actor.replace(/^staff:/, ''),
  at: metadata.recordedAt,
  ...(event.type === 'ActionRejected' && { reason: event.reason }),
  position,
});
