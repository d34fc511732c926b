/** One round of load: so many callers at once, each calling again as soon as it is answered or at a given rate. */
import { setTimeout as sleep } from 'node:timers/promises';

export type Round = {
  readonly perSecond: number;
  /** How long one call took; absent where calls have no wait of their own. */
  readonly latencyMs?: { readonly median: number; readonly p99: number };
};

type Load = { readonly callers: number; readonly forMs: number; readonly call: () => Promise<unknown> };

/** Each caller calls again as soon as it is answered. */
export async function closedLoop({ callers, forMs, call }: Load): Promise<Round> {
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
  return roundOf(latencies, performance.now() - start);
}

/**
 * All callers together call so often a second. A call's latency counts from when it was due, so that one that had to wait
 * for a slow one before it counts as slow, too ("coordinated omission", Gil Tene).
 */
export async function pacedLoop({ callers, forMs, call, perSecond }: Load & { perSecond: number }): Promise<Round> {
  const latencies: number[] = [];
  const start = performance.now();
  const intervalMs = (callers / perSecond) * 1000;
  const caller = async (_: unknown, index: number): Promise<void> => {
    for (let due = start + (index / callers) * intervalMs; due < start + forMs; due += intervalMs) {
      const aheadMs = due - performance.now();
      if (aheadMs > 0) await sleep(aheadMs);
      await call();
      latencies.push(performance.now() - due);
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return roundOf(latencies, performance.now() - start);
}

function roundOf(latencies: readonly number[], elapsedMs: number): Round {
  const sorted = Float64Array.from(latencies).sort();
  return {
    perSecond: (sorted.length / elapsedMs) * 1000,
    latencyMs: { median: quantile(sorted, 0.5), p99: quantile(sorted, 0.99) },
  };
}

export const median = (values: readonly number[]): number => quantile(Float64Array.from(values).sort(), 0.5);

const quantile = (sorted: Float64Array, q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? 0;
