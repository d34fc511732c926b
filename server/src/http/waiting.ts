/** The two bounded waits of the front door: for the bookkeeper's answer, and for the read model to get somewhere. */
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Outcome, Submission } from '../../../ledger/src/bookkeeper/submission.ts';
import type { ReadModel } from '../../../projections/src/read-model.ts';
import type { Refusal } from './problems.ts';

const answerWithinMs = 15_000;
const readWithinMs = 2_000;
const retryAfterSeconds = 2;

export type Accepted = Extract<Outcome, { accepted: true }>;

/**
 * Submits a command. When there is no answer in time (the journal cannot be reached) nobody knows yet whether it was
 * carried out: the same command with the same key will tell.
 */
export async function submit(bookkeeper: Bookkeeper, submission: Submission): Promise<Accepted | Refusal> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, answerWithinMs, undefined);
  });
  try {
    const outcome = await Promise.race([bookkeeper.submit(submission), late]);
    if (outcome === undefined) return { code: 'unavailable', retryAfterSeconds };
    return outcome.accepted ? outcome : outcome.rejection;
  } finally {
    clearTimeout(timer);
  }
}

/** For `?after=<position>`: gives a refusal when the read model does not get there in time. */
export async function reach(readModel: ReadModel, after: number | undefined): Promise<Refusal | undefined> {
  if (after === undefined || (await readModel.waitFor(after, readWithinMs))) return undefined;
  return { code: 'overloaded', retryAfterSeconds };
}
