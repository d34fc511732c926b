/** The transfers every candidate carries out: random accounts, one cent each, so that no balance ever runs out. */
import { randomUUID } from 'node:crypto';
import type { Submission } from '../ledger/src/bookkeeper/submission.ts';

export type Pair = { readonly from: number; readonly to: number };
/** Gives the accounts of the next transfer. */
export type NextPair = () => Pair;

/** How far below zero an account may go: whoever is drawn can always pay. */
export const floorMinor = -1_000_000_000_000n;

export function randomPairs(accounts: number): NextPair {
  return () => {
    const from = 1 + Math.floor(Math.random() * accounts);
    const other = 1 + Math.floor(Math.random() * (accounts - 1));
    return { from, to: other < from ? other : other + 1 };
  };
}

/** Everybody pays account 1. */
export function intoOne(accounts: number): NextPair {
  return () => ({ from: 2 + Math.floor(Math.random() * (accounts - 1)), to: 1 });
}

const session = randomUUID();
const requestHash = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ';

export const submissionOf = ({ from, to }: Pair): Submission => ({
  command: { type: 'Transfer', from: String(from), to: String(to), amount: 1n, currency: 'EUR', reference: 'rent' },
  commandId: `account:${String(from)}:${randomUUID()}`,
  requestHash,
  actor: `session:${session}`,
  terminal: 'desk',
  correlationId: randomUUID(),
});
