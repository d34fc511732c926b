/** What a bookkeeper is given: the outside world as functions and ports, and its limits. */
import type { KeyObject } from 'node:crypto';
import type { CashLimits } from '../domain/cash-limits.ts';
import type { Journal } from '../journal/journal.ts';
import type { KeyIndex } from '../journal/key-index.ts';
import type { Timer } from '../timer.ts';
import type { Tracer } from '../tracing/tracer.ts';
import type { WriterLock } from './writer-lock.ts';

/** Injected dependencies; apart from their answers nothing in the bookkeeper depends on time, chance or other programs. */
export type Dependencies = {
  readonly journal: Journal;
  readonly keys: KeyIndex;
  readonly writerLock: WriterLock;
  /** Now, in ISO 8601, UTC, milliseconds. */
  readonly now: () => string;
  /** The bank's civil day of an instant in milliseconds since 1970. */
  readonly dayOf: (instantMs: number) => string;
  readonly cashLimits: CashLimits;
  /** A new UUID. */
  readonly newId: () => string;
  /** Shows of every event that the bank wrote it. */
  readonly macKey: KeyObject;
  /** Runs a function soon, when everything that is ready now has run. */
  readonly schedule: (run: () => void) => void;
  readonly timer: Timer;
  /** Absent while traces are off. */
  readonly tracer?: Tracer;
  /** Called after each finished append, for metrics. */
  readonly onBatch?: (batch: { readonly events: number; readonly commands: number }) => void;
  /** Called with what went wrong and is being dealt with. */
  readonly onTrouble?: (what: string, error?: unknown) => void;
  /** Called when nothing can go on: with `BrokenHistory` where history contradicts itself, with anything else for a defect. */
  readonly onBroken?: (error: Error) => void;
};

export type Limits = {
  /** Commands that may wait; past it, `overloaded`. */
  readonly queue: number;
  /** Commands in a batch. */
  readonly batch: number;
  /** Keys cached in memory although the read model has them. */
  readonly cachedKeys: number;
  /** Keys the read model has not got yet; past it, `overloaded`. */
  readonly unprojectedKeys: number;
  /** Events between two snapshots. */
  readonly snapshotEvery: number;
};

/**
 * Judgements, not measurements: a queue that is worked off in a second or two and a batch that stays below what an
 * append takes, at the tens of thousands of commands a second in docs/measurements.md; and some hundred bytes a key.
 */
export const defaultLimits: Limits = {
  queue: 50_000,
  batch: 1_000,
  cachedKeys: 100_000,
  unprojectedKeys: 3_000_000,
  snapshotEvery: 200_000,
};

/** The waits between tries while the journal or the read model is away: a judgement. */
export const retryMs = { firstMs: 20, mostMs: 2_000 };
