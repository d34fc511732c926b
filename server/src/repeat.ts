/** Does something again and again, never twice at once, whatever becomes of it. */

/** Gives a function that ends it, once what is under way has ended. */
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
    await underWay;
  };
}
