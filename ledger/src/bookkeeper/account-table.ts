/** The accounts of the book in columns of numbers, a row an account: balance, version, status, floor and currency. */
import type { AccountState, AccountStatus } from '../domain/account.ts';
import { accountStatuses } from '../domain/account.ts';
import type { AccountId } from '../domain/events.ts';
import { LargeMap } from '../large-map.ts';
import type { Currency } from '../domain/money.ts';
import { currencies } from '../domain/money.ts';

/** The table's whole content; the arrays hold one element an account. */
export type AccountColumns = {
  readonly numbers: Float64Array;
  readonly balances: BigInt64Array;
  readonly floors: BigInt64Array;
  readonly versions: Uint32Array;
  readonly statuses: Uint8Array;
  readonly currencies: Uint8Array;
  /** The bank's own accounts have a name where customers' have a number: by row. */
  readonly names: ReadonlyMap<number, string>;
};

export interface AccountTable {
  readonly count: number;
  /** The highest number of a customer's account, 0 when there is none. */
  readonly lastNumber: number;
  rowOf(account: AccountId): number | undefined;
  read(account: AccountId, row: number): AccountState;
  write(row: number, state: AccountState): void;
  /** Adds a row; the function it gives takes it away again, which must be the last row by then. */
  add(state: AccountState): () => void;
  /** A copy. */
  columns(): AccountColumns;
}

/** In the column of numbers, an account that goes by its name. */
const named = 0;
const leastCapacity = 1024;

export function createAccountTable(from?: AccountColumns): AccountTable {
  let count = from?.numbers.length ?? 0;
  let capacity = Math.max(leastCapacity, count);
  let column = allocate(capacity, from);
  const rowOfNumber = new LargeMap<number, number>();
  const rowOfName = new Map<string, number>();
  const names = new Map(from?.names);
  let lastNumber = 0;
  for (let row = 0; row < count; row++) {
    const number = column.numbers[row] as number;
    if (number === named) rowOfName.set(names.get(row) as string, row);
    else rowOfNumber.set(number, row);
    lastNumber = Math.max(lastNumber, number);
  }

  function write(row: number, state: AccountState): void {
    column.balances[row] = state.balance;
    column.versions[row] = state.version;
    column.statuses[row] = accountStatuses.indexOf(state.status);
    column.floors[row] = state.floor;
    column.currencies[row] = currencies.indexOf(state.currency);
  }

  function add(state: AccountState): () => void {
    if (count === capacity) {
      capacity *= 2;
      column = allocate(capacity, column);
    }
    const row = count++;
    const before = lastNumber;
    const number = /^\d/.test(state.account) ? Number(state.account) : named;
    column.numbers[row] = number;
    if (number === named) {
      names.set(row, state.account);
      rowOfName.set(state.account, row);
    } else {
      rowOfNumber.set(number, row);
      lastNumber = Math.max(lastNumber, number);
    }
    write(row, state);
    return () => {
      count--;
      lastNumber = before;
      rowOfNumber.delete(number);
      if (number === named) rowOfName.delete(state.account);
      names.delete(row);
    };
  }

  return {
    get count() {
      return count;
    },
    get lastNumber() {
      return lastNumber;
    },
    rowOf(account) {
      const first = account.charCodeAt(0);
      const isNumber = first >= 0x30 && first <= 0x39;
      return isNumber ? rowOfNumber.get(Number(account)) : rowOfName.get(account);
    },
    read: (account, row) => ({
      account,
      currency: currencies[column.currencies[row] as number] as Currency,
      balance: column.balances[row] as bigint,
      version: column.versions[row] as number,
      status: accountStatuses[column.statuses[row] as number] as AccountStatus,
      floor: column.floors[row] as bigint,
    }),
    write,
    add,
    columns: () => ({ ...firstRows(column, count), names: new Map(names) }),
  };
}

type NumberColumns = Omit<AccountColumns, 'names'>;

/** Columns with room for `capacity` rows, the given ones at their start. */
const allocate = (capacity: number, from?: NumberColumns): NumberColumns => ({
  numbers: grown(new Float64Array(capacity), from?.numbers),
  balances: grown(new BigInt64Array(capacity), from?.balances),
  floors: grown(new BigInt64Array(capacity), from?.floors),
  versions: grown(new Uint32Array(capacity), from?.versions),
  statuses: grown(new Uint8Array(capacity), from?.statuses),
  currencies: grown(new Uint8Array(capacity), from?.currencies),
});

/** The larger array with the smaller one's content at its start. */
function grown<T extends Float64Array | BigInt64Array | Uint32Array | Uint8Array>(larger: T, smaller?: T): T {
  if (smaller !== undefined) (larger as Uint8Array).set(smaller as Uint8Array);
  return larger;
}

const firstRows = (column: NumberColumns, count: number): NumberColumns => ({
  numbers: column.numbers.slice(0, count),
  balances: column.balances.slice(0, count),
  floors: column.floors.slice(0, count),
  versions: column.versions.slice(0, count),
  statuses: column.statuses.slice(0, count),
  currencies: column.currencies.slice(0, count),
});
