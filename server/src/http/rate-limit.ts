/** Keeps one address from making calls of a limited kind too fast: a bucket of tokens each, in bounded memory. */

type Bucket = { tokens: number; filledAtMs: number };

export type RateLimit = {
  /** Takes a token; gives the seconds to wait when there is none. */
  take(address: string, nowMs: number): { readonly retryAfterSeconds: number } | undefined;
};

/** Past so many addresses, the one that was quiet the longest is forgotten. */
const mostAddresses = 10_000;

export function rateLimit({ burst, perSecond }: { readonly burst: number; readonly perSecond: number }): RateLimit {
  // A Map keeps its keys in the order they came: whoever calls goes to its end.
  const buckets = new Map<string, Bucket>();
  return {
    take(address, nowMs) {
      const before = buckets.get(address) ?? { tokens: burst, filledAtMs: nowMs };
      const refilled = ((nowMs - before.filledAtMs) / 1000) * perSecond;
      const tokens = Math.min(burst, before.tokens + Math.max(0, refilled));
      const allowed = tokens >= 1;
      buckets.delete(address);
      buckets.set(address, { tokens: allowed ? tokens - 1 : tokens, filledAtMs: nowMs });
      const [oldest] = buckets.keys();
      if (buckets.size > mostAddresses && oldest !== undefined) buckets.delete(oldest);
      return allowed ? undefined : { retryAfterSeconds: Math.ceil((1 - tokens) / perSecond) };
    },
  };
}
