/** The book in memory: every account's state, the customers and what was reversed, with an undo for what was not committed. */
import { accountsOf, evolveAccount } from '../domain/account.ts';
import type { Book } from '../domain/decide.ts';
import type { LedgerEvent } from '../domain/events.ts';
import type { AccountColumns } from './account-table.ts';
import { createAccountTable } from './account-table.ts';
import { LargeSet } from '../large-map.ts';
import type { Copying } from './copying.ts';
import { copyAll } from './copying.ts';
import { createNumberColumn } from './number-column.ts';
import { createNextNumber } from './next-number.ts';

/** How to undo what was applied; run backwards. */
export type Undo = (() => void)[];

export interface LiveBook extends Book {
  /** Applies an event, and adds to `undo` how to take it back. Throws `BrokenHistory` if it does not follow from what is there. */
  apply(event: LedgerEvent, undo?: Undo): void;
  readonly accountCount: number;
  /** A copy of everything as plain columns, for a snapshot; to be begun while the book holds only what is committed. */
  startCopy(): Copying<BookColumns>;
}

/** A book's whole content. */
export type BookColumns = AccountColumns & {
  readonly customers: Float64Array;
  readonly reversedPositions: Float64Array;
};

export function liveBook(from?: BookColumns): LiveBook {
  const accounts = createAccountTable(from);
  const customers = new LargeSet(from?.customers);
  const reversed = new LargeSet(from?.reversedPositions);
  // The same as the sets, in the order they came: a snapshot copies them at once.
  const customerColumn = createNumberColumn(from?.customers);
  const reversedColumn = createNumberColumn(from?.reversedPositions);
  let lastCustomer = 0;
  for (const customer of customers) lastCustomer = Math.max(lastCustomer, customer);
  const nextAccount = createNextNumber((number) => accounts.rowOf(String(number)) !== undefined);
  const nextCustomer = createNextNumber((number) => customers.has(number));

  function addCustomer(number: number, undo?: Undo): void {
    const before = lastCustomer;
    if (customers.has(number)) return;
    customers.add(number);
    customerColumn.push(number);
    lastCustomer = Math.max(lastCustomer, number);
    undo?.push(() => {
      customers.delete(number);
      customerColumn.pop();
      lastCustomer = before;
    });
  }

  function addReversed(position: number, undo?: Undo): void {
    reversed.add(position);
    reversedColumn.push(position);
    // Undone backwards, the last one added is always the last there is.
    undo?.push(() => {
      reversed.delete(position);
      reversedColumn.pop();
    });
  }

  function apply(event: LedgerEvent, undo?: Undo): void {
    if (event.type === 'CustomerRegistered') {
      addCustomer(Number(event.customer), undo);
      return;
    }
    if (event.type === 'EntryReversed') {
      const position = event.reversedPosition;
      if (!reversed.has(position)) addReversed(position, undo);
    }
    for (const account of accountsOf(event)) {
      const row = accounts.rowOf(account);
      const before = row === undefined ? undefined : accounts.read(account, row);
      const state = evolveAccount(before, account, event);
      if (state === undefined || state === before) continue;
      if (row === undefined || before === undefined) {
        const remove = accounts.add(state);
        // Undone backwards, the last row added is always the last row there is.
        undo?.push(remove);
        continue;
      }
      accounts.write(row, state);
      undo?.push(() => {
        accounts.write(row, before);
      });
    }
  }

  return {
    account(account) {
      const row = accounts.rowOf(account);
      return row === undefined ? undefined : accounts.read(account, row);
    },
    hasCustomer: (customer) => customers.has(Number(customer)),
    isReversed: (position) => reversed.has(position),
    nextAccount: () => String(nextAccount.after(accounts.lastNumber)),
    nextCustomer: () => String(nextCustomer.after(lastCustomer)),
    apply,
    get accountCount() {
      return accounts.count;
    },
    startCopy() {
      const copying = copyAll(accounts.startCopy(), customerColumn.startCopy(), reversedColumn.startCopy());
      return {
        step() {
          const [columns, customersCopy, reversedPositions] = copying.step() ?? [];
          if (columns === undefined || customersCopy === undefined || reversedPositions === undefined) return undefined;
          return { ...columns, customers: customersCopy, reversedPositions };
        },
      };
    },
  };
}
