/** One round of load: so many callers at once, each calling again as soon as it is answered, for a given time. */

export type Round = {
  readonly perSecond: number;
  /** How long one call took; absent where calls have no wait of their own. */
  readonly latencyMs?: { readonly median: number; readonly p99: number };
};

export async function closedLoop(options: {
  readonly callers: number;
  readonly forMs: number;
  readonly call: () => Promise<unknown>;
}): Promise<Round> {
  const { callers, forMs, call } = options;
  const latencies: number[] = [];
  const start = performance.now();
  const end = start + forMs;
  const caller = async (): Promise<void> => {
    for (let sent = performance.now(); sent < end;) {
      await call();
      const answered = performance.now();
      latencies.push(answered - sent);
      sent = answered;
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  const elapsedMs = performance.now() - start;
  const sorted = Float64Array.from(latencies).sort();
  return {
    perSecond: (sorted.length / elapsedMs) * 1000,
    latencyMs: { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
  };
}

export const median = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.5);

const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
