/** A book with many accounts, as columns that nothing had to be decided for. */
import type { LiveBook } from '../../src/bookkeeper/book.ts';
import { liveBook } from '../../src/bookkeeper/book.ts';

/** Accounts and customers 1, 2, 3 …, each account with three postings. */
export function bookOfMany(accounts: number, reversedPositions: readonly number[] = []): LiveBook {
  const numbers = Float64Array.from({ length: accounts }, (_, row) => row + 1);
  return liveBook({
    numbers,
    balances: BigInt64Array.from({ length: accounts }, (_, row) => BigInt(row)),
    floors: new BigInt64Array(accounts),
    versions: new Uint32Array(accounts).fill(3),
    statuses: new Uint8Array(accounts),
    currencies: new Uint8Array(accounts),
    names: new Map(),
    customers: numbers,
    reversedPositions: Float64Array.from(reversedPositions),
  });
}
