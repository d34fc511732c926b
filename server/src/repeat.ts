/** Does something again and again, never twice at once, whatever becomes of it. */
import { within } from '../../ledger/src/bounded-wait.ts';

/** What is under way at the end is waited for so long, and then left to itself. A judgement. */
const endWithinMs = 1_500;

/** Gives a function that ends it, once what is under way has ended or took too long. */
export function repeat(
  intervalMs: number,
  run: () => Promise<unknown>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let underWay: Promise<unknown> | undefined;
  const timer = setInterval(() => {
    underWay ??= run()
      .catch(onError)
      .finally(() => {
        underWay = undefined;
      });
  }, intervalMs);
  return async () => {
    clearInterval(timer);
    if (underWay !== undefined) await within(underWay, endWithinMs);
  };
}
