/** Somebody else's way to carry out transfers, on the same PostgreSQL. */
import type { Candidate } from '../benchmark.ts';
import type { NextPair } from '../transfers.ts';

export type Peer = {
  candidate(callers: number, next: NextPair): Candidate;
  stop(): Promise<void>;
};
