/** A wait that ends when its time is over, whatever becomes of what was waited for. */

/** What is given in place of an answer that did not come in time. */
export const late = Symbol('late');

/** Rejects as `work` does before `timeoutMs`; how it ends after that is nobody's any more. */
export async function within<T>(work: Promise<T>, timeoutMs: number): Promise<T | typeof late> {
  const { promise, resolve } = Promise.withResolvers<typeof late>();
  const timer = setTimeout(resolve, timeoutMs, late);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
