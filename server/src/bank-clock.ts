/** The bank's clock: the database's, carried on by one that nobody can set, and compared with both again and again. */
import { uptime } from 'node:os';

export type BankClock = {
  /** In milliseconds since 1970; the clock of the machine may be set back or forth without a change here. */
  readonly nowMs: () => number;
  /** Asks the database what time it is. */
  readonly compare: () => Promise<void>;
  /** What somebody should set right, in sentences. */
  readonly warnings: (lastRecordedAt: string) => readonly string[];
};

type Readings = {
  /** The machine's clock, which an operator or a time service may set. */
  readonly wallMs: () => number;
  /** What has passed since some moment, in milliseconds; goes on while the machine is suspended. */
  readonly elapsedMs: () => number;
  readonly databaseMs: () => Promise<number>;
};

/** Clocks that differ by less are taken for equal: what a time service corrects, and how late an answer may come. A judgement. */
const toleranceMs = 2_000;

/** Rejects when the database does not answer. */
export async function startClock({ wallMs, elapsedMs, databaseMs }: Readings): Promise<BankClock> {
  let offsetMs = (await databaseMs()) - elapsedMs();
  let databaseAheadMs = 0;
  const nowMs = (): number => elapsedMs() + offsetMs;
  return {
    nowMs,

    async compare() {
      const found = await databaseMs();
      const aheadMs = found - nowMs();
      const isEqual = Math.abs(aheadMs) <= toleranceMs;
      if (isEqual) offsetMs += aheadMs;
      databaseAheadMs = isEqual ? 0 : aheadMs;
    },

    warnings(lastRecordedAt) {
      const warnings: string[] = [];
      const bank = `the bank’s ${new Date(nowMs()).toISOString()}`;
      const machineAheadMs = wallMs() - nowMs();
      if (Math.abs(machineAheadMs) > toleranceMs) {
        warnings.push(`This server’s clock is ${apart(machineAheadMs)} ${bank}. Set it right: sessions end by it.`);
      }
      if (databaseAheadMs !== 0) {
        warnings.push(
          `The database’s clock was set: it is ${apart(databaseAheadMs)} ${bank}, by which events are recorded. Set it right, or restart the servers if it is right now.`,
        );
      }
      const lastAheadMs = Date.parse(lastRecordedAt) - nowMs();
      if (lastAheadMs > toleranceMs) {
        warnings.push(
          `The last event was recorded at ${lastRecordedAt}, ${apart(lastAheadMs)} ${bank}: until then, new events are recorded at that same time.`,
        );
      }
      return warnings;
    },
  };
}

/** On a real machine; `askDatabase` gives the database's time in milliseconds since 1970. */
export function machineClock(askDatabase: () => Promise<number>): Promise<BankClock> {
  const elapsed = elapsedClock(
    () => performance.now(),
    () => uptime() * 1_000,
  );
  return startClock({
    wallMs: Date.now,
    elapsedMs: elapsed.read,
    async databaseMs() {
      elapsed.adjust();
      const askedMs = performance.now();
      const ms = await askDatabase();
      // It was asked, on average, half of the way there and back ago.
      return ms + (performance.now() - askedMs) / 2;
    },
  });
}

/**
 * Node's own clock stands still while the machine is suspended; the system's counts that time, to a hundredth of a second
 * and at the price of reading a file: the difference is looked for now and then.
 */
export function elapsedClock(
  runningMs: () => number,
  sinceBootMs: () => number,
): { readonly read: () => number; readonly adjust: () => void } {
  let suspendedMs = 0;
  const startMs = sinceBootMs() - runningMs();
  return {
    read: () => runningMs() + suspendedMs,
    adjust() {
      const found = sinceBootMs() - runningMs() - startMs;
      if (Math.abs(found - suspendedMs) > 1_000) suspendedMs = found;
    },
  };
}

/** `3 days before`, `12 s after`. */
function apart(aheadMs: number): string {
  const seconds = Math.round(Math.abs(aheadMs) / 1_000);
  const days = Math.floor(seconds / 86_400);
  const amount = days > 1 ? `${String(days)} days` : `${String(seconds)} s`;
  return `${amount} ${aheadMs < 0 ? 'before' : 'after'}`;
}
