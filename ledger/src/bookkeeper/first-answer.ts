/** The first answer again: a command that was carried out before is answered from the journal. */
import { decode } from '../domain/codec.ts';
import { rejectionOf } from '../domain/decline.ts';
import type { Journal } from '../journal/journal.ts';
import type { Outcome, Submission } from './submission.ts';

/** No command makes more events than an opening: the customer and the account. */
const mostEvents = 2;

/** `position` is that of the command's first event. The same key with another body is rejected. */
export async function firstAnswer(journal: Journal, submission: Submission, position: number): Promise<Outcome> {
  const events = await journal.read({ from: position, limit: mostEvents });
  const [first, ...more] = events.map(decode).filter(({ metadata }) => metadata.commandId === submission.commandId);
  if (first === undefined) throw new Error(`position ${String(position)} does not hold the command its key leads to`);
  if (first.metadata.requestHash !== submission.requestHash) {
    return { accepted: false, rejection: { code: 'idempotency_key_reused' } };
  }
  if (first.event.type === 'CommandDeclined') {
    return { accepted: false, rejection: rejectionOf(first.event), declined: first, replayed: true };
  }
  return {
    accepted: true,
    position: more.at(-1)?.position ?? first.position,
    recorded: [first, ...more],
    replayed: true,
  };
}
