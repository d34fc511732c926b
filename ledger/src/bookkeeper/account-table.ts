/** The accounts of the book in columns of numbers, a row an account: balance, version, status, floor and currency. */
import type { AccountState, AccountStatus } from '../domain/account.ts';
import { accountStatuses } from '../domain/account.ts';
import type { AccountId } from '../domain/events.ts';
import { LargeMap } from '../large-map.ts';
import type { Currency } from '../domain/money.ts';
import { currencies } from '../domain/money.ts';
import type { Copying } from './copying.ts';
import { stepBytes } from './copying.ts';

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
  startCopy(): Copying<AccountColumns>;
}

/** In the column of numbers, an account that goes by its name. */
const named = 0;
const leastCapacity = 1024;
const rowBytes = 30;
const rowsAStep = Math.floor(stepBytes / rowBytes);

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

  /** The copies under way: each is told of a row before it changes. */
  const copies = new Set<(row: number) => void>();

  function write(row: number, state: AccountState): void {
    if (copies.size > 0) for (const keep of copies) keep(row);
    put(column, row, state);
  }

  const read = (account: AccountId, row: number): AccountState => ({
    account,
    currency: currencies[column.currencies[row] as number] as Currency,
    balance: column.balances[row] as bigint,
    version: column.versions[row] as number,
    status: accountStatuses[column.statuses[row] as number] as AccountStatus,
    floor: column.floors[row] as bigint,
  });

  /** To be begun while nothing can be undone: the rows there are stay. */
  function startCopy(): Copying<AccountColumns> {
    const rows = count;
    const copy = { ...allocate(rows), names: new Map(names) };
    let copied = 0;
    /** What was in rows that changed before they were copied. */
    const former = new Map<number, AccountState>();
    const keep = (row: number): void => {
      if (row >= copied && row < rows && !former.has(row)) former.set(row, read('', row));
    };
    copies.add(keep);
    return {
      step() {
        const end = Math.min(copied + rowsAStep, rows);
        copyRows(copy, column, copied, end);
        copied = end;
        if (copied < rows) return undefined;
        copies.delete(keep);
        for (const [row, state] of former) put(copy, row, state);
        return copy;
      },
    };
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
    read,
    write,
    add,
    startCopy,
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

function put(column: NumberColumns, row: number, state: AccountState): void {
  column.balances[row] = state.balance;
  column.versions[row] = state.version;
  column.statuses[row] = accountStatuses.indexOf(state.status);
  column.floors[row] = state.floor;
  column.currencies[row] = currencies.indexOf(state.currency);
}

function copyRows(to: NumberColumns, from: NumberColumns, start: number, end: number): void {
  to.numbers.set(from.numbers.subarray(start, end), start);
  to.balances.set(from.balances.subarray(start, end), start);
  to.floors.set(from.floors.subarray(start, end), start);
  to.versions.set(from.versions.subarray(start, end), start);
  to.statuses.set(from.statuses.subarray(start, end), start);
  to.currencies.set(from.currencies.subarray(start, end), start);
}
