/** Every account's version, balance and status, folded from the journal by `evolveAccount`, in columns of numbers: a whole bank of any size fits. */
import type { AccountState, AccountStatus } from '../../../ledger/src/domain/account.ts';
import { accountsOf, accountStatuses, BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import type { AccountId, LedgerEvent } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';

export type Folded = Pick<AccountState, 'version' | 'balance' | 'status'>;

export type AccountFold = {
  /** Throws `BrokenHistory` where the event does not go on from what there is. */
  readonly take: (event: LedgerEvent) => void;
  of(account: AccountId): Folded | undefined;
  /** Says that an account was compared; gives those that never were. */
  markCompared(account: AccountId): void;
  notCompared(): Iterable<AccountId>;
  readonly count: number;
  /** The sum of all balances. */
  total(): bigint;
};

/** A `Map` ends at 16,777,216 entries: so many of them take a thousand million accounts. */
const mostShards = 64;
const rowsOfChunk = 65_536;

type Chunk = {
  readonly versions: Float64Array;
  readonly balances: BigInt64Array;
  readonly statuses: Uint8Array;
  readonly compared: Uint8Array;
};

const newChunk = (): Chunk => ({
  versions: new Float64Array(rowsOfChunk),
  balances: new BigInt64Array(rowsOfChunk),
  statuses: new Uint8Array(rowsOfChunk),
  compared: new Uint8Array(rowsOfChunk),
});

/** Spreads numbers that follow one another evenly: FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/), its halves put together. */
export function shardOf(account: AccountId): number {
  let hash = 0x81_1c_9d_c5;
  for (let index = 0; index < account.length; index++) {
    hash = Math.imul(hash ^ account.charCodeAt(index), 0x01_00_01_93);
  }
  return ((hash ^ (hash >>> 16)) >>> 0) % mostShards;
}

/** What `evolveAccount` neither reads nor changes, and a comparison does not need. */
const unused = { currency: 'EUR', floor: 0n } as const;

export function accountFold(): AccountFold {
  const shards = Array.from({ length: mostShards }, () => new Map<AccountId, number>());
  const chunks: Chunk[] = [];
  let count = 0;

  const rowsOf = (account: AccountId): Map<AccountId, number> =>
    shards[shardOf(account)] ?? new Map<AccountId, number>();
  function place(row: number): { readonly chunk: Chunk; readonly at: number } {
    const index = Math.floor(row / rowsOfChunk);
    const chunk = (chunks[index] ??= newChunk());
    return { chunk, at: row % rowsOfChunk };
  }
  function of(account: AccountId): Folded | undefined {
    const row = rowsOf(account).get(account);
    if (row === undefined) return undefined;
    const { chunk, at } = place(row);
    const status: AccountStatus = accountStatuses[chunk.statuses[at] ?? 0] ?? 'open';
    return { version: chunk.versions[at] ?? 0, balance: chunk.balances[at] ?? 0n, status };
  }
  function save(account: AccountId, { version, balance, status }: AccountState): void {
    const rows = rowsOf(account);
    let row = rows.get(account);
    if (row === undefined) {
      row = count++;
      rows.set(account, row);
    }
    const { chunk, at } = place(row);
    if (BigInt.asIntN(64, balance) !== balance) throw new BrokenHistory(`account ${account}: a balance beyond 64 bits`);
    chunk.versions[at] = version;
    chunk.balances[at] = balance;
    chunk.statuses[at] = accountStatuses.indexOf(status);
  }

  return {
    take(event) {
      if (isMoneyEvent(event) && event.postings.reduce((sum, { amount }) => sum + amount, 0n) !== 0n) {
        throw new BrokenHistory('the postings do not add up to zero');
      }
      for (const account of new Set(accountsOf(event))) {
        const known = of(account);
        const state = evolveAccount(known && { account, ...unused, ...known }, account, event);
        if (state !== undefined) save(account, state);
      }
    },
    of,
    markCompared(account) {
      const row = rowsOf(account).get(account);
      if (row === undefined) return;
      const { chunk, at } = place(row);
      chunk.compared[at] = 1;
    },
    *notCompared() {
      for (const rows of shards) {
        for (const [account, row] of rows) {
          const { chunk, at } = place(row);
          if (chunk.compared[at] !== 1) yield account;
        }
      }
    },
    get count() {
      return count;
    },
    total() {
      let sum = 0n;
      for (const { balances } of chunks) for (const balance of balances) sum += balance;
      return sum;
    },
  };
}
