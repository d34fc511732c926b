/** The second pass: what of the files is in the bank already, and whether it says the same; still nothing is written. */
import { basename } from 'node:path';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Submission } from '../../ledger/src/bookkeeper/submission.ts';
import type { Command } from '../../ledger/src/domain/commands.ts';
import type { CheckedBank } from './check-files.ts';
import { openingOf } from './check-files.ts';
import { inOrder } from './in-order.ts';
import { refused } from './refused.ts';
import { Problems } from './problems.ts';
import { accounts, customers, operations } from './row-shapes.ts';
import type { Submissions } from './submissions.ts';
import { rereadRows } from './typed-rows.ts';

export type AlreadyThere = {
  readonly customers: ReadonlySet<string>;
  readonly accounts: ReadonlySet<string>;
  /** Accounts whose opening balance is there. */
  readonly openings: ReadonlySet<string>;
  /** Lines of the operations' file. */
  readonly operations: ReadonlySet<number>;
};

/** Never carried out, for no account has this number: only the key and the hash that come with it are looked up. */
const nothingToDo: Command = { type: 'RecordPinChange', account: '0' };
const notSealed = { keyId: '', profile: '' };

/** Throws a `Failure` when a number is taken by somebody or something else. */
export async function compareWithBank(
  bank: CheckedBank,
  bookkeeper: Bookkeeper,
  submissions: Submissions,
  onRows: (rows: number) => void,
): Promise<AlreadyThere> {
  const { files } = bank;
  const { book } = bookkeeper;
  const problems = new Problems();
  const found = {
    customers: new Set<string>(),
    accounts: new Set<string>(),
    openings: new Set<string>(),
    operations: new Set<number>(),
  };
  const waiting = new Map<string, { onFound: () => void; onNew: () => void; where: Where }>();
  const queue = inOrder(bookkeeper, (outcome, { commandId }) => {
    const asked = waiting.get(commandId);
    waiting.delete(commandId);
    if (outcome.accepted) asked?.onFound();
    else if (outcome.rejection.code === 'account_not_found') asked?.onNew();
    else if (outcome.rejection.code === 'idempotency_key_reused' && asked !== undefined) differs(asked.where);
    else throw refused(outcome.rejection, asked?.where.what ?? commandId);
  });

  for await (const rows of rereadRows(files.clients, customers)) {
    for (const row of rows) {
      const { customer } = row.value;
      if (!book.hasCustomer(customer)) continue;
      const where = { path: files.clients, line: row.line, what: `customer ${customer}` };
      await look(submissions.customer(row, notSealed), where, () => found.customers.add(customer), taken);
    }
    onRows(rows.length);
  }
  for await (const rows of rereadRows(files.accounts, accounts)) {
    for (const row of rows) {
      const { account } = row.value;
      if (book.account(account) === undefined) continue;
      const where = { path: files.accounts, line: row.line, what: `account ${account}` };
      await look(submissions.account(row), where, () => found.accounts.add(account), taken);
    }
    onRows(rows.length);
  }
  await queue.drain();
  // Where no account was imported before, no operation can have been.
  if (found.accounts.size > 0) {
    for (const [account, sums] of bank.accounts) {
      const amountMinor = openingOf(sums);
      const where = { path: files.accounts, line: sums.line, what: `the opening balance of account ${account}` };
      const opening = { line: sums.line, amountMinor, valueDate: undefined };
      await look(submissions.opening(account, opening), where, () => found.openings.add(account));
    }
    for await (const rows of rereadRows(files.operations, operations)) {
      for (const row of rows) {
        const where = { path: files.operations, line: row.line, what: `operation ${row.value.operation}` };
        await look(submissions.operation(row), where, () => found.operations.add(row.line));
      }
      onRows(rows.length);
    }
    await queue.drain();
  }
  problems.throwIfAny();
  return found;

  async function look(
    submission: Submission,
    where: Where,
    onFound: () => void,
    onNew: (where: Where) => void = () => undefined,
  ): Promise<void> {
    waiting.set(submission.commandId, {
      onFound,
      onNew: () => {
        onNew(where);
      },
      where,
    });
    await queue.submit({ ...submission, command: nothingToDo });
  }

  function taken({ path, line, what }: Where): void {
    const reason = `${what} exists already, but was not imported`;
    problems.add({ file: basename(path), line, reason, whatToDo: 'Import into an empty bank, or use other numbers' });
  }

  function differs({ path, line, what }: Where): void {
    const reason = `${what} was imported before with other content`;
    problems.add({
      file: basename(path),
      line,
      reason,
      whatToDo: 'Import the file as it was, or give new rows new numbers',
    });
  }
}

type Where = { readonly path: string; readonly line: number; readonly what: string };
