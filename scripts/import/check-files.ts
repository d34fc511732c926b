/** The first pass: reads all three files to the end and refuses them as a whole before anything is written. */
import { basename } from 'node:path';
import { formatAmount, largestBalanceMinor } from '../../ledger/src/domain/money.ts';
import type { Problem } from './problems.ts';
import { Problems } from './problems.ts';
import { accounts, currency, customers, operations } from './row-shapes.ts';
import { typedRows } from './typed-rows.ts';

export type BankFiles = { readonly clients: string; readonly accounts: string; readonly operations: string };

/** What is kept of an account while its operations pass by. */
export type AccountSums = {
  readonly line: number;
  readonly balanceMinor: bigint;
  operationsMinor: bigint;
  operations: number;
  /** The earliest day of its operations. */
  firstDate: string | undefined;
};

export type CheckedBank = {
  readonly files: BankFiles;
  readonly customers: number;
  readonly operations: number;
  readonly accounts: ReadonlyMap<string, AccountSums>;
  /** The earliest day of all operations. */
  readonly firstDate: string | undefined;
};

/** What the account held before the first operation of the file. */
export const openingOf = ({ balanceMinor, operationsMinor }: AccountSums): bigint => balanceMinor - operationsMinor;

/** Throws a `Failure` that names what is wrong, where, and what to do. */
export async function checkFiles(files: BankFiles, onRows: (rows: number) => void): Promise<CheckedBank> {
  const problems = new Problems();
  const onProblem = (problem: Problem): void => {
    problems.add(problem);
  };
  const customerNumbers = new Set<string>();
  const bankAccounts = new Map<string, AccountSums>();
  // Up to 15 digits: exact as numbers, and a set of numbers is half the size of one of texts.
  const operationNumbers = new Set<number>();
  let firstDate: string | undefined;

  for await (const rows of typedRows(files.clients, customers, onProblem)) {
    for (const { line, value } of rows) {
      if (customerNumbers.has(value.customer)) twice(files.clients, line, 'NumeroClient', value.customer);
      customerNumbers.add(value.customer);
    }
    onRows(rows.length);
  }
  for await (const rows of typedRows(files.accounts, accounts, onProblem)) {
    for (const { line, value } of rows) {
      if (bankAccounts.has(value.account)) twice(files.accounts, line, 'NumeroCompte', value.account);
      if (!customerNumbers.has(value.customer))
        unknown(files.accounts, line, `customer ${value.customer}`, files.clients);
      const { balanceMinor } = value;
      bankAccounts.set(value.account, { line, balanceMinor, operationsMinor: 0n, operations: 0, firstDate: undefined });
    }
    onRows(rows.length);
  }
  for await (const rows of typedRows(files.operations, operations, onProblem)) {
    for (const { line, value } of rows) {
      const number = Number(value.operation);
      if (operationNumbers.has(number)) twice(files.operations, line, 'NumeroOperation', value.operation);
      operationNumbers.add(number);
      const account = bankAccounts.get(value.account);
      if (account === undefined) {
        unknown(files.operations, line, `account ${value.account}`, files.accounts);
        continue;
      }
      account.operationsMinor += value.amountMinor;
      account.operations += 1;
      account.firstDate = earlier(account.firstDate, value.valueDate);
      firstDate = earlier(firstDate, value.valueDate);
    }
    onRows(rows.length);
  }
  for (const [account, sums] of bankAccounts) {
    const opening = openingOf(sums);
    if (opening <= largestBalanceMinor && opening >= -largestBalanceMinor) continue;
    const reason = `account ${account} would begin with ${formatAmount(opening, currency)} EUR, which is more than the ledger keeps`;
    const whatToDo = 'Check Solde and the amounts of its operations';
    onProblem({ file: basename(files.accounts), line: sums.line, reason, whatToDo });
  }
  problems.throwIfAny();
  return {
    files,
    customers: customerNumbers.size,
    operations: operationNumbers.size,
    accounts: bankAccounts,
    firstDate,
  };

  function twice(path: string, line: number, column: string, number: string): void {
    const reason = `${column} ${number} was there before in this file`;
    onProblem({ file: basename(path), line, reason, whatToDo: 'Give every row a number of its own' });
  }

  function unknown(path: string, line: number, what: string, where: string): void {
    const reason = `${what} is not in ${basename(where)}`;
    onProblem({ file: basename(path), line, reason, whatToDo: `Add it to ${basename(where)}, or correct the number` });
  }
}

const earlier = (one: string | undefined, other: string): string => (one === undefined || other < one ? other : one);
