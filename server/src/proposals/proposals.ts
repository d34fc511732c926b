/** Proposals as the journal has them; what is stored beside it only says where to look, and is held against it. */
import { hash } from 'node:crypto';
import type { z } from 'zod/mini';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { ActionProposed, LedgerEvent, Recorded } from '../../../ledger/src/domain/events.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { batchTransfer } from '../../../api/src/calls/batch.ts';
import type { ProposalRow } from './proposal-store.ts';

/** Chosen, not measured: until the next working day's same hour. */
export const openForMs = 24 * 3_600_000;

export type BatchTransfer = z.output<typeof batchTransfer>;

/** What an approval carries out, as the text whose hash stands in the journal. */
export const contentHash = (content: string): string => hash('sha256', content, 'hex');

export type Decision = { readonly recorded: Recorded; readonly event: DecisionEvent };
type DecisionEvent = Extract<LedgerEvent, { type: 'ActionApproved' | 'ActionRejected' }>;

export type Proposal = {
  readonly row: ProposalRow;
  readonly proposed: ActionProposed;
  readonly proposedAt: string;
  readonly decision?: Decision;
};

/** A row that leads to another event than its own, or whose content is not what was proposed. */
export type Altered = { readonly code: 'proposal_altered'; readonly id: string };

/** In the order of the rows. */
export async function readProposals(
  journal: Pick<Journal, 'readAt'>,
  rows: readonly ProposalRow[],
): Promise<readonly Proposal[] | Altered> {
  const positions = rows.flatMap(({ position, decisionPosition }) =>
    decisionPosition === undefined ? [position] : [position, decisionPosition],
  );
  const stored = positions.length === 0 ? [] : await journal.readAt([...new Set(positions)].sort((a, b) => a - b));
  const byPosition = new Map(stored.map((event) => [event.position, decode(event)]));
  const proposals: Proposal[] = [];
  for (const row of rows) {
    const altered: Altered = { code: 'proposal_altered', id: row.id };
    const proposed = byPosition.get(row.position);
    if (proposed?.event.type !== 'ActionProposed' || proposed.event.proposal !== row.id) return altered;
    const found = { row, proposed: proposed.event, proposedAt: proposed.metadata.recordedAt };
    if (row.decisionPosition === undefined) {
      proposals.push(found);
      continue;
    }
    const recorded = byPosition.get(row.decisionPosition);
    const decision = recorded && decisionIn(recorded);
    if (decision?.event.proposal !== row.id) return altered;
    proposals.push({ ...found, decision });
  }
  return proposals;
}

/** The decision on a proposal that an event is. */
export const decisionIn = (recorded: Recorded): Decision | undefined =>
  recorded.event.type === 'ActionApproved' || recorded.event.type === 'ActionRejected'
    ? { recorded, event: recorded.event }
    : undefined;

/** The content as it was proposed; undefined when it is another by now. */
export const openContent = (content: string, { contentHash: expected }: ActionProposed): unknown =>
  contentHash(content) === expected ? (JSON.parse(content) as unknown) : undefined;

/** Expiry is judged again, by the ledger, when somebody decides. */
export function stateOf({ proposed, decision }: Proposal, nowMs: number): 'open' | 'expired' | 'approved' | 'rejected' {
  if (decision !== undefined) return decision.event.type === 'ActionApproved' ? 'approved' : 'rejected';
  return nowMs < Date.parse(proposed.expiresAt) ? 'open' : 'expired';
}
