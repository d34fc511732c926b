/** Somebody else's way to carry out transfers, on the same PostgreSQL. */
import type { Contender } from '../contest.ts';
import type { NextPair } from '../transfers.ts';

export type Peer = {
  contender(callers: number, next: NextPair): Contender;
  stop(): Promise<void>;
};
