/** Submits commands one after the other without waiting for each answer: a bounded number is under way at any time. */
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Outcome, Submission } from '../../ledger/src/bookkeeper/submission.ts';

export type InOrder = {
  /** Waits for room, then submits. Rejects with whatever `onOutcome` threw for an earlier one. */
  submit(submission: Submission): Promise<void>;
  /** Waits until everything is answered. */
  drain(): Promise<void>;
};

const mostUnderWay = 4_096;

/** The bookkeeper decides in the order of submission; `onOutcome` may throw to end it all. */
export function inOrder(
  bookkeeper: Bookkeeper,
  onOutcome: (outcome: Outcome, submission: Submission) => void,
): InOrder {
  let underWay = 0;
  let failure: { readonly reason: unknown } | undefined;
  let answered = Promise.withResolvers<undefined>();

  async function submit(submission: Submission): Promise<void> {
    while (underWay >= mostUnderWay && failure === undefined) await answered.promise;
    throwFailure();
    underWay += 1;
    bookkeeper
      .submit(submission)
      .then((outcome) => {
        onOutcome(outcome, submission);
      })
      .catch((error: unknown) => {
        failure ??= { reason: error };
      })
      .finally(() => {
        underWay -= 1;
        answered.resolve(undefined);
        answered = Promise.withResolvers();
      });
  }

  function throwFailure(): void {
    if (failure !== undefined) throw failure.reason;
  }

  return {
    submit,
    async drain() {
      while (underWay > 0) await answered.promise;
      throwFailure();
    },
  };
}
