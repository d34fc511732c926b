/** The first pass: reads all three files to the end, sets their rows aside, and rejects them as a whole before anything is written. */
import { basename } from 'node:path';
import type { BankFiles } from './bank-files.ts';
import type { BankRows } from './bank-rows.ts';
import { byDateAndNumber } from './bank-rows.ts';
import { LargeMap, LargeSet } from '../../ledger/src/large-map.ts';
import { formatAmount, largestBalanceMinor } from '../../ledger/src/domain/money.ts';
import type { Problem } from './problems.ts';
import { Problems } from './problems.ts';
import type { OperationRow } from './row-shapes.ts';
import { accounts, currency, customers, operations } from './row-shapes.ts';
import type { RequestHashes } from './submissions.ts';
import { typedRows } from './typed-rows.ts';

/** What is known of an account once all its operations were read. */
export type AccountSums = {
  readonly line: number;
  readonly balanceMinor: bigint;
  operationsMinor: bigint;
  operations: number;
  /** The earliest day of its operations. */
  firstDate: string | undefined;
};

export type CheckedBank = {
  readonly customers: number;
  readonly operations: number;
  readonly accounts: LargeMap<string, AccountSums>;
  /** The earliest day of all operations. */
  readonly firstDate: string | undefined;
  /** Whether the operations stand in the order of their days and numbers. */
  readonly isInOrder: boolean;
};

/** What the account held before the first operation of the file. */
export const openingOf = ({ balanceMinor, operationsMinor }: AccountSums): bigint => balanceMinor - operationsMinor;

export type CheckOptions = {
  /** Where every row that is right is set aside. */
  readonly rows: BankRows;
  readonly hashes: RequestHashes;
  readonly onRows: (count: number) => void;
};

/** Throws a `Failure` that names what is wrong, where, and what to do. */
export async function checkFiles(files: BankFiles, { rows, hashes, onRows }: CheckOptions): Promise<CheckedBank> {
  const problems = new Problems();
  const onProblem = (problem: Problem): void => {
    problems.add(problem);
  };
  const customerNumbers = new LargeSet<string>();
  const bankAccounts = new LargeMap<string, AccountSums>();
  // Up to 15 digits: exact as numbers, and a set of numbers is half the size of one of texts.
  const operationNumbers = new LargeSet<number>();
  const reading = { format: files.format, onProblem };
  let firstDate: string | undefined;
  let isInOrder = true;
  let last: OperationRow | undefined;

  for await (const found of typedRows(files.clients, customers, reading)) {
    for (const row of found) {
      const { line, customer } = row;
      if (customerNumbers.has(customer)) onProblem(twice(files.clients, line, 'NumeroClient', customer));
      customerNumbers.add(customer);
    }
    await rows.customers.add(found.map((row) => ({ ...row, requestHash: hashes.customer(row) })));
    onRows(found.length);
  }
  for await (const found of typedRows(files.accounts, accounts, reading)) {
    for (const row of found) {
      const { line, account, customer, balanceMinor } = row;
      if (bankAccounts.has(account)) onProblem(twice(files.accounts, line, 'NumeroCompte', account));
      if (!customerNumbers.has(customer)) {
        onProblem(unknown(files.accounts, line, `customer ${customer}`, files.clients));
      }
      bankAccounts.set(account, { line, balanceMinor, operationsMinor: 0n, operations: 0, firstDate: undefined });
    }
    await rows.accounts.add(found.map((row) => ({ ...row, requestHash: hashes.account(row) })));
    onRows(found.length);
  }
  for await (const found of typedRows(files.operations, operations, reading)) {
    for (const row of found) {
      const { line, operation } = row;
      const number = Number(operation);
      if (operationNumbers.has(number)) onProblem(twice(files.operations, line, 'NumeroOperation', operation));
      operationNumbers.add(number);
      isInOrder &&= last === undefined || byDateAndNumber(last, row) <= 0;
      last = row;
      const account = bankAccounts.get(row.account);
      if (account === undefined) {
        onProblem(unknown(files.operations, line, `account ${row.account}`, files.accounts));
        continue;
      }
      account.operationsMinor += row.amountMinor;
      account.operations += 1;
      account.firstDate = earlier(account.firstDate, row.valueDate);
      firstDate = earlier(firstDate, row.valueDate);
    }
    await rows.operations.add(found.map((row) => ({ ...row, requestHash: hashes.operation(row) })));
    onRows(found.length);
  }
  for (const [account, sums] of bankAccounts) {
    const opening = openingOf(sums);
    if (opening <= largestBalanceMinor && opening >= -largestBalanceMinor) continue;
    const reason = `account ${account} would begin with ${formatAmount(opening, currency)} ${currency}, which is more than the ledger takes`;
    const whatToDo = 'Check Solde and the amounts of its operations';
    onProblem({ file: basename(files.accounts), line: sums.line, reason, whatToDo });
  }
  problems.throwIfAny();
  return {
    customers: customerNumbers.size,
    operations: operationNumbers.size,
    accounts: bankAccounts,
    firstDate,
    isInOrder,
  };
}

function twice(path: string, line: number, column: string, number: string): Problem {
  const reason = `${column} ${number} was there before in this file`;
  return { file: basename(path), line, reason, whatToDo: 'Give every row a number of its own' };
}

function unknown(path: string, line: number, what: string, where: string): Problem {
  const reason = `${what} is not in ${basename(where)}`;
  return { file: basename(path), line, reason, whatToDo: `Add it to ${basename(where)}, or correct the number` };
}

const earlier = (one: string | undefined, other: string): string => (one === undefined || other < one ? other : one);
