/** The route that takes up to a thousand transfers at once: carried out up to the role's limit, proposed above it. */
import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import type { Bookkeeper } from '../../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Submission } from '../../../../ledger/src/bookkeeper/submission.ts';
import type { Command } from '../../../../ledger/src/domain/commands.ts';
import { transferBatch } from '../../../../api/src/calls/batch.ts';
import { requestCurrency } from '../../../../api/src/fields.ts';
import { carryOutTransfers, totalOf } from '../../proposals/carry-out.ts';
import type { ProposalStore } from '../../proposals/proposal-store.ts';
import { contentHash, openForMs } from '../../proposals/proposals.ts';
import { canonicalJson, commandIds, replayHeader, requestHash } from '../idempotency.ts';
import type { BodyOf, RequestContext, Result, Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import type { Accepted, Rejected } from '../waiting.ts';
import { submit } from '../waiting.ts';

type Parts = {
  readonly bookkeeper: Bookkeeper;
  readonly proposals: Pick<ProposalStore, 'save' | 'setPosition'>;
  readonly requestKey: KeyObject;
  /** What one operator may move alone with one call, in minor units. */
  readonly batchLimitMinor: bigint;
};

type Context = RequestContext<typeof transferBatch>;
type Answer = Result<BodyOf<typeof transferBatch>>;

export const batchRoutes = (parts: Parts): readonly Route[] => [
  route(transferBatch, (context) =>
    totalOf(context.body.transfers) > parts.batchLimitMinor ? propose(parts, context) : order(parts, context),
  ),
];

async function order(parts: Parts, context: Context): Promise<Answer> {
  const { body, caller, key } = context;
  const { reason, transfers } = body;
  const ordered = await submitUnderKey(parts, context, 'order', [reason, transfers.map(({ id }) => id).sort()], {
    type: 'OrderBatch',
    ...{ reason, count: transfers.length, total: totalOf(transfers), currency: requestCurrency },
  });
  if ('code' in ordered) return ordered;
  const who = whoOf(context);
  const done = await carryOutTransfers(parts, transfers, (id) => commandIds.ofBatch(caller.username, key, id), who);
  if ('code' in done) return done;
  return { body: { results: done.results, position: Math.max(done.position, ordered.position) } };
}

/** The content is stored before the event that stands for it: an event without its content could never be approved. */
async function propose(parts: Parts, context: Context): Promise<Answer> {
  const { reason, transfers } = context.body;
  const content = canonicalJson({ transfers });
  const proposal = randomUUID();
  const expiresAt = new Date(Date.now() + openForMs).toISOString();
  await parts.proposals.save({ id: proposal, content, expiresAt });
  const outcome = await submitUnderKey(parts, context, 'propose', [reason, transfers], {
    type: 'ProposeAction',
    ...{ proposal, action: 'batch', reason, proposer: context.caller.username, expiresAt },
    ...{ count: transfers.length, total: totalOf(transfers), currency: requestCurrency },
    contentHash: contentHash(content),
  });
  if ('code' in outcome) return outcome;
  // Sent again, it is the first proposal that counts.
  const { event } = outcome.recorded[0];
  if (event.type !== 'ActionProposed') throw new Error(`the key of a proposal leads to ${event.type}`);
  await parts.proposals.setPosition(event.proposal, outcome.position);
  return {
    status: 202,
    body: { proposalId: event.proposal, position: outcome.position },
    headers: replayHeader(outcome),
  };
}

/** One key stands for one order or one proposal, and for what the caller asked for with it. */
function submitUnderKey(
  { bookkeeper, requestKey }: Parts,
  context: Context,
  how: 'order' | 'propose',
  asked: unknown,
  command: Command,
): Promise<Accepted | Rejected> {
  return submit(bookkeeper, {
    command,
    commandId: commandIds.ofBatchOrder(context.caller.username, context.key),
    requestHash: requestHash(requestKey, transferBatch, { how, asked }),
    ...whoOf(context),
  });
}

const whoOf = ({
  caller,
  terminal,
  correlationId,
}: Context): Pick<Submission, 'actor' | 'terminal' | 'correlationId'> => ({
  actor: `staff:${caller.username}`,
  terminal,
  correlationId,
});
