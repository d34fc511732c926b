/** The second pass: what of the files is in the bank already, and whether it says the same; still nothing is written. */
import { basename } from 'node:path';
import type { Book } from '../../ledger/src/domain/decide.ts';
import type { LedgerEvent } from '../../ledger/src/domain/events.ts';
import { LargeMap, LargeSet } from '../../ledger/src/large-map.ts';
import { formatAmount } from '../../ledger/src/domain/money.ts';
import type { BankFiles } from './bank-files.ts';
import type { BankRows } from './bank-rows.ts';
import type { AccountSums, CheckedBank } from './check-files.ts';
import { openingOf } from './check-files.ts';
import type { Problem } from './problems.ts';
import { Problems } from './problems.ts';
import { currency } from './row-shapes.ts';
import { commandIdOf } from './submissions.ts';
import type { HashedRow } from './typed-rows.ts';

export type AlreadyThere = {
  readonly customers: Pick<LargeSet<string>, 'has' | 'size'>;
  readonly accounts: Pick<LargeSet<string>, 'has' | 'size'>;
  /** Accounts that were imported before: their opening balance is there, or they need none. */
  readonly openings: Pick<LargeSet<string>, 'has' | 'size'>;
  /** Lines of the operations' file. */
  readonly operations: Pick<LargeSet<number>, 'has' | 'size'>;
};

type RecordedRow = { readonly requestHash: string; readonly event: LedgerEvent };

/** Which of these commands were carried out before, and with what. */
export interface RecordedCommands {
  findRecorded(commandIds: readonly string[]): Promise<ReadonlyMap<string, RecordedRow>>;
}

export type CompareOptions = {
  readonly files: BankFiles;
  readonly rows: BankRows;
  readonly bookkeeper: RecordedCommands & { readonly book: Book };
  readonly onRows: (count: number) => void;
};

/** Commands looked up at once. */
const lookUpSize = 1_000;

/** Throws a `Failure` when a number is taken by somebody or something else. */
export async function compareWithBank(
  bank: CheckedBank,
  { files, rows, bookkeeper, onRows }: CompareOptions,
): Promise<AlreadyThere> {
  const { book } = bookkeeper;
  const problems = new Problems();
  const found = {
    customers: new LargeSet<string>(),
    accounts: new LargeSet<string>(),
    openings: new LargeSet<string>(),
    operations: new LargeSet<number>(),
  };

  for await (const some of rows.customers.rows()) {
    await look(
      some.filter(({ customer }) => book.hasCustomer(customer)),
      {
        path: files.clients,
        nameOf: ({ customer }) => `customer ${customer}`,
        commandIdOf: commandIdOf.customer,
        onFound({ customer }) {
          found.customers.add(customer);
        },
        isTakenUnlessFound: true,
      },
    );
    onRows(some.length);
  }
  for await (const some of rows.accounts.rows()) {
    await look(
      some.filter(({ account }) => book.account(account) !== undefined),
      {
        path: files.accounts,
        nameOf: ({ account }) => `account ${account}`,
        commandIdOf: commandIdOf.account,
        isSame: ({ customer, accountType }, { event }) =>
          event.type === 'AccountOpened' && event.customer === customer && event.accountType === accountType,
        onFound({ account }) {
          found.accounts.add(account);
        },
        isTakenUnlessFound: true,
      },
    );
    onRows(some.length);
  }
  // Where no account was imported before, no operation can have been.
  if (found.accounts.size > 0) {
    /** What the new operations of each account that is there already add up to. */
    const newMinor = new LargeMap<string, bigint>();
    for (const account of found.accounts) newMinor.set(account, 0n);
    for await (const some of rows.operations.rows()) {
      await look(some, {
        path: files.operations,
        nameOf: ({ operation }) => `operation ${operation}`,
        commandIdOf: commandIdOf.operation,
        onFound({ line }) {
          found.operations.add(line);
        },
      });
      for (const { account, amountMinor, line } of some) {
        const sum = newMinor.get(account);
        if (sum !== undefined && !found.operations.has(line)) newMinor.set(account, sum + amountMinor);
      }
      onRows(some.length);
    }
    for (const some of pieces(newMinor, lookUpSize)) await checkSums(some);
  }
  problems.throwIfAny();
  return found;

  /**
   * Accounts that were imported before must come out at their Solde: either the files still say what the account began
   * with, or what it holds and the new operations add up to it (files with the new operations alone).
   */
  async function checkSums(some: readonly (readonly [account: string, newMinor: bigint])[]): Promise<void> {
    const recorded = await bookkeeper.findRecorded(some.map(([account]) => commandIdOf.opening({ account })));
    for (const [account, newMinor] of some) {
      const state = book.account(account);
      const sums = bank.accounts.get(account);
      if (state === undefined || sums === undefined) throw new Error(`account ${account} is compared, but not there`);
      const openingMinor = amountOf(recorded.get(commandIdOf.opening({ account })));
      // Nothing was posted yet: an import that ended early left its opening balance to this one.
      if (openingMinor === undefined && state.version === 0) continue;
      const holdsMinor = state.balance + newMinor;
      if ((openingMinor ?? 0n) === openingOf(sums) || holdsMinor === sums.balanceMinor) found.openings.add(account);
      else problems.add(otherSolde(files.accounts, account, sums, holdsMinor));
    }
  }

  async function look<T extends HashedRow<object>>(some: Iterable<T>, kind: Kind<T>): Promise<void> {
    for (const piece of pieces(some, lookUpSize)) {
      const recorded = await bookkeeper.findRecorded(piece.map(kind.commandIdOf));
      for (const row of piece) {
        const before = recorded.get(kind.commandIdOf(row));
        if (before !== undefined && isSame(row, before, kind)) kind.onFound(row);
        else if (before !== undefined) add(row, `${kind.nameOf(row)} was imported before with other content`, reimport);
        else if (kind.isTakenUnlessFound)
          add(row, `${kind.nameOf(row)} exists already, but was not imported`, elsewhere);
      }
    }
    function isSame(row: T, before: RecordedRow, { isSame: isSameEvent }: Kind<T>): boolean {
      return isSameEvent === undefined ? before.requestHash === row.requestHash : isSameEvent(row, before);
    }
    function add({ line }: T, reason: string, whatToDo: string): void {
      problems.add({ file: basename(kind.path), line, reason, whatToDo });
    }
  }
}

type Kind<T> = {
  readonly path: string;
  readonly nameOf: (row: T) => string;
  readonly commandIdOf: (row: T) => string;
  /** Whether a row was imported before as it is; by the hash of all it says when absent. */
  readonly isSame?: (row: T, before: RecordedRow) => boolean;
  readonly onFound: (row: T) => void;
  /** The rows' numbers are in the bank: whoever has one was imported, or somebody else has it. */
  readonly isTakenUnlessFound?: true;
};

/** The amount of an entry's posting on the customer's account; undefined where there is no entry. */
function amountOf(recorded: RecordedRow | undefined): bigint | undefined {
  if (recorded === undefined) return undefined;
  if (recorded.event.type !== 'EntryImported') throw new Error(`${recorded.event.type} is under the key of an entry`);
  return recorded.event.postings[1].amount;
}

function otherSolde(path: string, account: string, { line, balanceMinor }: AccountSums, holdsMinor: bigint): Problem {
  const [solde, holds] = [formatAmount(balanceMinor, currency), formatAmount(holdsMinor, currency)];
  const reason = `Solde of account ${account} is ${solde}, but with the new operations the account holds ${holds}`;
  const whatToDo = 'Check Solde, and that no operation is left out or changed';
  return { file: basename(path), line, reason, whatToDo };
}

const reimport = 'Import the file as it was, or give new rows new numbers';
const elsewhere = 'Import into an empty bank, or use other numbers';

function* pieces<T>(all: Iterable<T>, size: number): Generator<readonly T[]> {
  let piece: T[] = [];
  for (const one of all) {
    piece.push(one);
    if (piece.length === size) {
      yield piece;
      piece = [];
    }
  }
  if (piece.length > 0) yield piece;
}
