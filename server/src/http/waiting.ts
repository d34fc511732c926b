/** The bounded waits of a request: for the bookkeeper's answer, for what other servers wrote, and for the read model to get somewhere. */
import { late, within } from '../../../ledger/src/bounded-wait.ts';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Outcome, Submission } from '../../../ledger/src/bookkeeper/submission.ts';
import type { ReadModel } from '../../../projections/src/read-model.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';

/** Chosen, not measured: less than the 20 s within which a stopping process ends (`main.ts`). */
const answerWithinMs = 15_000;
/** Chosen, not measured: as long as a person waits without wondering. */
const readWithinMs = 2_000;
const retryAfterSeconds = 2;

export type Accepted = Extract<Outcome, { accepted: true }>;

/** With `replayed` where the same command was declined before: it is the first answer again. */
export type Rejected = ApiRejection & { readonly replayed?: true };

/**
 * Submits a command. When there is no answer in time (the journal cannot be reached) nobody knows yet whether it was
 * carried out: the same command with the same key will tell.
 */
export async function submit(bookkeeper: Bookkeeper, submission: Submission): Promise<Accepted | Rejected> {
  const outcome = await within(bookkeeper.submit(submission), answerWithinMs);
  if (outcome === late) return { code: 'unavailable', retryAfterSeconds };
  if (outcome.accepted) return outcome;
  const isReplayed = outcome.declined !== undefined && outcome.replayed;
  return isReplayed ? { ...outcome.rejection, replayed: true } : outcome.rejection;
}

/** Reads what other servers wrote. Gives a rejection when the journal cannot be read, or not in time. */
export async function catchUp(bookkeeper: Bookkeeper): Promise<ApiRejection | undefined> {
  const isLate = (await within(bookkeeper.catchUp(), readWithinMs)) === late;
  return isLate || bookkeeper.isCutOff ? { code: 'unavailable', retryAfterSeconds } : undefined;
}

/** For `?after=<position>`: gives a rejection when the read model does not get there in time. */
export async function waitForPosition(
  readModel: ReadModel,
  after: number | undefined,
): Promise<ApiRejection | undefined> {
  if (after === undefined || (await readModel.waitFor(after, readWithinMs))) return undefined;
  return { code: 'read_model_behind', retryAfterSeconds };
}
