/** What a drill found, in figures and in text. */
import type { Difference, Evidence } from './history.ts';

export type Round = {
  readonly faults: readonly string[];
  readonly heldMs: number;
  /** From the fault's end until both servers took a deposit and showed it. */
  readonly recoveryMs: number;
};

export type Recovery = {
  readonly fault: string;
  readonly rounds: number;
  readonly medianMs: number;
  readonly worstMs: number;
};

export type DrillReport = {
  readonly seed: number;
  readonly rounds: number;
  readonly elapsedMs: number;
  readonly events: number;
  readonly reads: number;
  readonly accepted: number;
  readonly rejected: number;
  /** Commands that nobody ever answered. */
  readonly unanswered: number;
  /** How many commands of each call. */
  readonly calls: Readonly<Record<string, number>>;
  /** Every kind of answer, settled or not. */
  readonly answers: Readonly<Record<string, number>>;
  readonly recoveries: readonly Recovery[];
  readonly differences: readonly Difference[];
  /** What a server wrote of its answers of 500. */
  readonly defects: readonly string[];
  /** Where the logs are, when there are differences or answers of 500. */
  readonly stateDir: string;
};

export function summarise({
  seed,
  rounds,
  evidence: { operations, reads, snapshots, totals, journal },
  differences,
  defects,
  answers,
  elapsedMs,
  stateDir,
}: {
  readonly seed: number;
  readonly rounds: readonly Round[];
  readonly evidence: Evidence;
  readonly differences: readonly Difference[];
  readonly defects: readonly string[];
  readonly answers: ReadonlyMap<string, number>;
  readonly elapsedMs: number;
  readonly stateDir: string;
}): DrillReport {
  const count = (outcome: string | undefined): number =>
    operations.filter(({ answers: [first] }) => first?.outcome === outcome).length;
  const byCall = Map.groupBy(operations, ({ command }) => command.call);
  return {
    ...{
      seed,
      rounds: rounds.length,
      elapsedMs,
      events: journal.length,
      reads: reads.length + snapshots.length + totals.length,
    },
    ...{ accepted: count('accepted'), rejected: count('rejected'), unanswered: count(undefined) },
    calls: Object.fromEntries([...byCall].map(([call, those]) => [call, those.length])),
    answers: Object.fromEntries([...answers].sort(([one], [other]) => (one < other ? -1 : 1))),
    recoveries: recoveriesOf(rounds),
    ...{ differences, defects, stateDir },
  };
}

/** Of rounds with one fault each by fault; those with two are a row of their own. */
function recoveriesOf(rounds: readonly Round[]): readonly Recovery[] {
  const nameOf = ({ faults: [first = '', second] }: Round): string => (second === undefined ? first : 'two at once');
  return [...Map.groupBy(rounds, nameOf)]
    .map(([fault, those]) => {
      const sorted = those.map(({ recoveryMs }) => recoveryMs).sort((one, other) => one - other);
      const [medianMs = 0, worstMs = 0] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
      return { fault, rounds: those.length, medianMs, worstMs };
    })
    .sort((one, other) => (one.fault < other.fault ? -1 : 1));
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([what, count]) => `${what} ${String(count)}`)
    .join(', ');

const ms = (value: number): string => `${String(Math.round(value))} ms`;
const mostShown = 20;

export function textOf(report: DrillReport): string {
  const { seed, rounds, elapsedMs, events, reads, accepted, rejected, unanswered, differences } = report;
  return [
    `Seed ${String(seed)}, ${String(rounds)} rounds in ${String(Math.round(elapsedMs / 1000))} s: ${String(events)} events, ` +
      `${String(accepted)} commands accepted, ${String(rejected)} rejected, ${String(unanswered)} never answered, ${String(reads)} reads.`,
    `Commands: ${listed(report.calls)}.`,
    `Answers: ${listed(report.answers)}.`,
    ...(report.recoveries.length === 0
      ? []
      : ['', '| fault | rounds | recovery, median | worst |', '|---|---|---|---|']),
    ...report.recoveries.map(
      ({ fault, rounds: count, medianMs, worstMs }) =>
        `| ${fault} | ${String(count)} | ${ms(medianMs)} | ${ms(worstMs)} |`,
    ),
    '',
    ...(differences.length === 0
      ? ['No differences: nothing acknowledged is missing, nothing is doubled, nothing rejected had an effect.']
      : [
          `${String(differences.length)} differences:`,
          ...differences.slice(0, mostShown).map(({ kind, where, detail }) => `  ${kind}: ${where}: ${detail}`),
        ]),
    ...report.defects.slice(0, mostShown).map((defect) => `Answered with 500: ${defect}`),
    ...(differences.length > 0 || '500 internal_error' in report.answers
      ? [`The logs are in ${report.stateDir}.`]
      : []),
  ].join('\n');
}
