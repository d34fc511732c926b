/** Keeps anyone from making calls of a limited kind too fast: a bucket of tokens for each key, in bounded memory. */
import type { Rate } from '../../../api/src/call.ts';

type Bucket = { tokens: number; filledAtMs: number };

export type RateLimit = {
  /** Takes a token; gives the seconds to wait when there is none. */
  take(key: string, nowMs: number): { readonly retryAfterSeconds: number } | undefined;
};

/** Past so many keys, the one that was quiet the longest is forgotten. Chosen, not measured. */
const mostKeys = 10_000;

export function rateLimit({ burst, perSecond }: Rate): RateLimit {
  // A Map keeps its keys in the order they came: whoever calls goes to its end.
  const buckets = new Map<string, Bucket>();
  return {
    take(key, nowMs) {
      const before = buckets.get(key) ?? { tokens: burst, filledAtMs: nowMs };
      const refilled = ((nowMs - before.filledAtMs) / 1000) * perSecond;
      const tokens = Math.min(burst, before.tokens + Math.max(0, refilled));
      const allowed = tokens >= 1;
      buckets.delete(key);
      buckets.set(key, { tokens: allowed ? tokens - 1 : tokens, filledAtMs: nowMs });
      const [oldest] = buckets.keys();
      if (buckets.size > mostKeys && oldest !== undefined) buckets.delete(oldest);
      return allowed ? undefined : { retryAfterSeconds: Math.ceil((1 - tokens) / perSecond) };
    },
  };
}
