/** What every measure is given, and what it gives back: one part of the table. */
import type { Figure, Pace } from '../benchmark.ts';
import type { Databases } from '../databases.ts';

export type Run = {
  readonly databases: Databases;
  /** A folder that is deleted after the run. */
  readonly stateDir: string;
  readonly pace: Pace;
  readonly quick: boolean;
  /** EventStoreDB or KurrentDB, to be measured beside PostgreSQL. */
  readonly eventLogUrl: string | undefined;
  readonly progress: (text: string) => void;
};

export type Part = {
  readonly title: string;
  /** What one of "per second" is. */
  readonly unit: string;
  readonly figures: readonly Figure[];
  /** Candidates that the others are compared with. */
  readonly peers: readonly string[];
  readonly notes: readonly string[];
};
