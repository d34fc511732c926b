/** A result that is read at most once in a while, however many ask. */

/** Reads again once the last result is `maxAgeMs` old; a failure is not cached. */
export function cached<T>(read: () => Promise<T>, maxAgeMs: number): () => Promise<T> {
  let last: { readonly at: number; readonly value: Promise<T> } | undefined;
  return () => {
    if (last !== undefined && performance.now() - last.at < maxAgeMs) return last.value;
    const value = read();
    last = { at: performance.now(), value };
    value.catch(() => {
      last = undefined;
    });
    return value;
  };
}
