/** The book in memory: every account's balance, version, status and floor in columns of numbers, with a way back for what was not committed. */
import type { AccountState, AccountStatus } from '../domain/account.ts';
import { accountsOf, evolveAccount } from '../domain/account.ts';
import type { Book } from '../domain/decide.ts';
import type { AccountId, CustomerId, LedgerEvent } from '../domain/events.ts';
import type { Currency } from '../domain/money.ts';
import { currencies } from '../domain/money.ts';

/** How to undo what was applied since the mark was set; run backwards. */
export type Undo = (() => void)[];

export interface LiveBook extends Book {
  /** Takes an event in. Throws `BrokenHistory` if it does not follow from what is there. */
  apply(event: LedgerEvent, undo?: Undo): void;
  readonly accountCount: number;
  /** Everything as plain columns, for a snapshot. */
  columns(): BookColumns;
}

/** A book's whole content; the arrays hold one element an account. */
export type BookColumns = {
  readonly numbers: Float64Array;
  readonly balances: BigInt64Array;
  readonly floors: BigInt64Array;
  readonly versions: Uint32Array;
  readonly statuses: Uint8Array;
  readonly currencies: Uint8Array;
  /** The bank's own accounts have a name where customers' have a number: by row. */
  readonly names: ReadonlyMap<number, string>;
  readonly customers: readonly number[];
  readonly reversedPositions: readonly number[];
};

const statuses: readonly AccountStatus[] = ['open', 'frozen', 'closed'];
/** In the column of numbers, an account that goes by its name. */
const named = 0;

export function liveBook(from?: BookColumns): LiveBook {
  let count = from?.numbers.length ?? 0;
  let capacity = Math.max(1024, count);
  const column = {
    numbers: grown(new Float64Array(capacity), from?.numbers),
    balances: grown(new BigInt64Array(capacity), from?.balances),
    floors: grown(new BigInt64Array(capacity), from?.floors),
    versions: grown(new Uint32Array(capacity), from?.versions),
    statuses: grown(new Uint8Array(capacity), from?.statuses),
    currencies: grown(new Uint8Array(capacity), from?.currencies),
  };
  const rowOfNumber = new Map<number, number>();
  const rowOfName = new Map<string, number>();
  const names = new Map(from?.names);
  const customers = new Set(from?.customers);
  const reversed = new Set(from?.reversedPositions);
  let lastAccount = 0;
  let lastCustomer = 0;
  for (let row = 0; row < count; row++) {
    const number = column.numbers[row] as number;
    if (number === named) rowOfName.set(names.get(row) as string, row);
    else rowOfNumber.set(number, row);
    lastAccount = Math.max(lastAccount, number);
  }
  for (const customer of customers) lastCustomer = Math.max(lastCustomer, customer);

  const rowOf = (account: AccountId): number | undefined => {
    const first = account.charCodeAt(0);
    const isNumber = first >= 0x30 && first <= 0x39;
    return isNumber ? rowOfNumber.get(Number(account)) : rowOfName.get(account);
  };

  const read = (account: AccountId, row: number): AccountState => ({
    account,
    currency: currencies[column.currencies[row] as number] as Currency,
    balance: column.balances[row] as bigint,
    version: column.versions[row] as number,
    status: statuses[column.statuses[row] as number] as AccountStatus,
    floor: column.floors[row] as bigint,
  });

  function write(row: number, state: AccountState): void {
    column.balances[row] = state.balance;
    column.versions[row] = state.version;
    column.statuses[row] = statuses.indexOf(state.status);
    column.floors[row] = state.floor;
    column.currencies[row] = currencies.indexOf(state.currency);
  }

  function add(state: AccountState, undo?: Undo): void {
    if (count === capacity) {
      capacity *= 2;
      column.numbers = grown(new Float64Array(capacity), column.numbers);
      column.balances = grown(new BigInt64Array(capacity), column.balances);
      column.floors = grown(new BigInt64Array(capacity), column.floors);
      column.versions = grown(new Uint32Array(capacity), column.versions);
      column.statuses = grown(new Uint8Array(capacity), column.statuses);
      column.currencies = grown(new Uint8Array(capacity), column.currencies);
    }
    const row = count++;
    const before = lastAccount;
    const number = /^\d/.test(state.account) ? Number(state.account) : named;
    column.numbers[row] = number;
    if (number === named) {
      names.set(row, state.account);
      rowOfName.set(state.account, row);
    } else {
      rowOfNumber.set(number, row);
      lastAccount = Math.max(lastAccount, number);
    }
    write(row, state);
    // Undone backwards, the last row added is always the last row there is.
    undo?.push(() => {
      count--;
      lastAccount = before;
      rowOfNumber.delete(number);
      if (number === named) rowOfName.delete(state.account);
      names.delete(row);
    });
  }

  function addCustomer(customer: CustomerId, undo?: Undo): void {
    const before = lastCustomer;
    const number = Number(customer);
    customers.add(number);
    lastCustomer = Math.max(lastCustomer, number);
    undo?.push(() => {
      customers.delete(number);
      lastCustomer = before;
    });
  }

  return {
    account(account) {
      const row = rowOf(account);
      return row === undefined ? undefined : read(account, row);
    },
    hasCustomer: (customer) => customers.has(Number(customer)),
    isReversed: (position) => reversed.has(position),
    nextAccount: () => String(lastAccount + 1),
    nextCustomer: () => String(lastCustomer + 1),

    apply(event, undo) {
      if (event.type === 'CustomerRegistered') {
        addCustomer(event.customer, undo);
        return;
      }
      if (event.type === 'EntryReversed') {
        const position = event.reversedPosition;
        reversed.add(position);
        undo?.push(() => reversed.delete(position));
      }
      for (const account of accountsOf(event)) {
        const row = rowOf(account);
        const before = row === undefined ? undefined : read(account, row);
        const state = evolveAccount(before, account, event);
        if (state === undefined || state === before) continue;
        if (row === undefined || before === undefined) {
          add(state, undo);
          continue;
        }
        write(row, state);
        undo?.push(() => {
          write(row, before);
        });
      }
    },

    get accountCount() {
      return count;
    },

    columns: () => ({
      numbers: column.numbers.slice(0, count),
      balances: column.balances.slice(0, count),
      floors: column.floors.slice(0, count),
      versions: column.versions.slice(0, count),
      statuses: column.statuses.slice(0, count),
      currencies: column.currencies.slice(0, count),
      names,
      customers: [...customers],
      reversedPositions: [...reversed],
    }),
  };
}

/** The larger array with the smaller one's content at its start. */
function grown<T extends Float64Array | BigInt64Array | Uint32Array | Uint8Array>(larger: T, smaller?: T): T {
  if (smaller !== undefined) (larger as Uint8Array).set(smaller as Uint8Array);
  return larger;
}
