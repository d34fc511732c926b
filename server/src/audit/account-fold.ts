/** Every account's version, balance, status, lock and number of events, folded from the journal by `evolveAccount`, in columns of numbers: a whole bank of any size fits. */
import type { AccountState, AccountStatus } from '../../../ledger/src/domain/account.ts';
import { accountsOf, accountStatuses, BrokenHistory, evolveAccount } from '../../../ledger/src/domain/account.ts';
import type { AccountId, LedgerEvent } from '../../../ledger/src/domain/events.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';

export type Folded = Pick<AccountState, 'version' | 'balance' | 'status' | 'lockedUntil'> & {
  /** How many events that are no postings. */
  readonly events: number;
};

export type AccountFold = {
  /** Gives where the event does not go on from what there is; the fold goes on from what the event says. */
  readonly take: (event: LedgerEvent) => readonly string[];
  of(account: AccountId): Folded | undefined;
  all(): Iterable<Folded & { readonly account: AccountId }>;
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
  /** In milliseconds since 1970; 0 while there is no lock. */
  readonly locks: Float64Array;
  readonly events: Uint32Array;
  readonly compared: Uint8Array;
};

const newChunk = (): Chunk => ({
  versions: new Float64Array(rowsOfChunk),
  balances: new BigInt64Array(rowsOfChunk),
  statuses: new Uint8Array(rowsOfChunk),
  locks: new Float64Array(rowsOfChunk),
  events: new Uint32Array(rowsOfChunk),
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

/** What there is before an opening that is missing. */
const unopened = { version: 0, balance: 0n, status: 'open' } as const;

const isBalanced = (event: LedgerEvent): boolean =>
  !isMoneyEvent(event) || event.postings.reduce((sum, { amount }) => sum + amount, 0n) === 0n;

function within64Bits(state: AccountState): AccountState {
  if (BigInt.asIntN(64, state.balance) === state.balance) return state;
  throw new BrokenHistory(`account ${state.account}: a balance beyond 64 bits`);
}

/** So that one event that is missing or altered is not said of each that follows: what the last posting says of itself. */
function afterBreak(state: AccountState, event: LedgerEvent): AccountState {
  if (isMoneyEvent(event)) {
    const last = event.postings.findLast(({ account }) => account === state.account);
    return last === undefined ? state : { ...state, version: last.version, balance: BigInt.asIntN(64, last.balance) };
  }
  return event.type === 'AccountOpened' ? state : (evolveAccount(state, state.account, event) ?? state);
}

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
  function at(row: number): Folded {
    const { chunk, at } = place(row);
    const status: AccountStatus = accountStatuses[chunk.statuses[at] ?? 0] ?? 'open';
    const lock = chunk.locks[at] ?? 0;
    return {
      ...{ version: chunk.versions[at] ?? 0, balance: chunk.balances[at] ?? 0n, status, events: chunk.events[at] ?? 0 },
      ...(lock !== 0 && { lockedUntil: new Date(lock).toISOString() }),
    };
  }
  function of(account: AccountId): Folded | undefined {
    const row = rowsOf(account).get(account);
    return row === undefined ? undefined : at(row);
  }
  function save(account: AccountId, { version, balance, status, lockedUntil }: AccountState, eventCount: number): void {
    const rows = rowsOf(account);
    let row = rows.get(account);
    if (row === undefined) {
      row = count++;
      rows.set(account, row);
    }
    const { chunk, at } = place(row);
    chunk.versions[at] = version;
    chunk.balances[at] = balance;
    chunk.statuses[at] = accountStatuses.indexOf(status);
    chunk.locks[at] = lockedUntil === undefined ? 0 : Date.parse(lockedUntil);
    chunk.events[at] = eventCount;
  }
  /** The account after the event, and why that is not what it should be. */
  function evolve(account: AccountId, event: LedgerEvent): string | undefined {
    const known = of(account);
    const before = known && { account, ...unused, ...known };
    const eventCount = (known?.events ?? 0) + (isMoneyEvent(event) ? 0 : 1);
    try {
      const state = evolveAccount(before, account, event);
      if (state !== undefined) save(account, within64Bits(state), eventCount);
      return undefined;
    } catch (error) {
      if (!(error instanceof BrokenHistory)) throw error;
      save(account, afterBreak(before ?? { account, ...unused, ...unopened }, event), eventCount);
      return error.message;
    }
  }

  return {
    take(event) {
      const broken = isBalanced(event) ? [] : ['the postings do not add up to zero'];
      for (const account of new Set(accountsOf(event))) {
        const reason = evolve(account, event);
        if (reason !== undefined) broken.push(reason);
      }
      return broken;
    },
    of,
    *all() {
      for (const rows of shards) for (const [account, row] of rows) yield { account, ...at(row) };
    },
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
