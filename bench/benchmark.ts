/** A benchmark: all candidates run in every round, so that a slow moment of the machine meets all of them alike. */
import type { Round } from './load.ts';
import { median } from './load.ts';

export type Candidate = {
  readonly name: string;
  readonly callers: number;
  readonly round: (forMs: number) => Promise<Round>;
  /** What has to be cleared away after a round, outside the measured time. */
  readonly afterRound?: () => Promise<void>;
};

export type Figure = {
  readonly name: string;
  readonly callers: number;
  readonly perSecond: number;
  readonly latencyMs?: { readonly median: number; readonly p99: number };
  /** Each round's figure, so that a reader sees how steady it was. */
  readonly rounds: readonly number[];
};

export type Pace = { readonly rounds: number; readonly roundMs: number };

/** The first round of each warms up and does not count; a figure is the median of the others. */
export async function benchmark(
  candidates: readonly Candidate[],
  { rounds, roundMs }: Pace,
  progress: (text: string) => void,
): Promise<readonly Figure[]> {
  const runs = candidates.map((candidate) => ({ candidate, results: [] as Round[] }));
  for (let round = 0; round <= rounds; round++) {
    for (const { candidate, results } of runs) {
      const { name, callers } = candidate;
      const what = round === 0 ? 'warming up' : `round ${String(round)} of ${String(rounds)}`;
      progress(`${what}: ${name}, ${String(callers)} at once`);
      const result = await candidate.round(round === 0 ? roundMs / 2 : roundMs);
      if (round > 0) results.push(result);
      await candidate.afterRound?.();
    }
  }
  return runs.map(({ candidate: { name, callers }, results }) => {
    const latencies = results.flatMap(({ latencyMs }) => (latencyMs === undefined ? [] : [latencyMs]));
    return {
      name,
      callers,
      perSecond: median(results.map(({ perSecond }) => perSecond)),
      ...(latencies.length > 0 && {
        latencyMs: {
          median: median(latencies.map((latency) => latency.median)),
          p99: median(latencies.map(({ p99 }) => p99)),
        },
      }),
      rounds: results.map(({ perSecond }) => Math.round(perSecond)),
    };
  });
}
