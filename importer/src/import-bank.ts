/** Imports a bank: checks the files, compares them with the bank, writes what is new, gives the PINs, checks the balances. */
import { randomUUID } from 'node:crypto';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { OnProgress } from '../../ledger/src/progress.ts';
import type { Vault } from '../../ledger/src/vault/vault.ts';
import type { BankFiles } from './bank-files.ts';
import type { BankRows } from './bank-rows.ts';
import { sortOperations, withBankRows } from './bank-rows.ts';
import type { CheckedBank } from './check-files.ts';
import { checkFiles, openingOf } from './check-files.ts';
import type { AlreadyThere } from './compare.ts';
import { compareWithBank } from './compare.ts';
import { inOrder } from './in-order.ts';
import { rejected } from './rejected.ts';
import type { RequestHashes } from './submissions.ts';
import { requestHashes, submissions } from './submissions.ts';

export type ImportDeps = {
  readonly bookkeeper: Bookkeeper;
  readonly vault: Pick<Vault, 'sealMany'>;
  /** Gives first PINs; an account that has one keeps it. */
  readonly enrolMany: (
    enrolments: readonly { readonly account: string; readonly pin: string }[],
    onProgress: () => void,
  ) => Promise<void>;
  readonly requestKey: Buffer;
};

type Count = { readonly added: number; readonly alreadyThere: number };

export type ImportReport = {
  readonly customers: Count;
  readonly accounts: Count;
  readonly operations: Count;
  /** What the imported accounts hold now, together, in minor units. */
  readonly totalMinor: bigint;
  /** Accounts the bank has moved since they were imported: their balance need not be the file's any more. */
  readonly movedSince: number;
  readonly seconds: number;
};

/** Profiles sealed by one write of their keys. */
const sealedAtOnce = 500;

/**
 * Throws a `Failure` with everything that is wrong; then nothing was written. Killed at any moment, it can be run again
 * and adds only what is missing.
 */
export async function importBank(
  files: BankFiles,
  { bookkeeper, vault, enrolMany, requestKey }: ImportDeps,
  onProgress: OnProgress,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const hashes = requestHashes(requestKey);
  return withBankRows(async (rows) => {
    const bank = await checkFiles(files, { rows, hashes, onRows: steps('checking') });
    if (!bank.isInOrder) await sortOperations(rows, steps('sorting', bank.operations));
    const total = bank.customers + bank.accounts.size + bank.operations;
    const onCompared = steps('comparing', total);
    const there = await compareWithBank(bank, { files, rows, bookkeeper, onRows: onCompared });
    await write(bank, { files, rows, hashes, there, bookkeeper, vault, onRows: steps('writing', total) });
    const onGiven = steps('giving PINs', bank.accounts.size);
    for await (const some of rows.accounts.rows()) {
      await enrolMany(some, () => {
        onGiven(1);
      });
    }
    return {
      customers: count(bank.customers, there.customers.size),
      accounts: count(bank.accounts.size, there.accounts.size),
      operations: count(bank.operations, there.operations.size),
      ...checkBalances(bank, bookkeeper),
      seconds: (performance.now() - startedAt) / 1000,
    };
  });

  function steps(phase: string, total?: number): (more: number) => void {
    let done = 0;
    return (more) => {
      done += more;
      onProgress({ phase, done, ...(total === undefined ? {} : { total }) });
    };
  }
}

const count = (all: number, before: number): Count => ({ added: all - before, alreadyThere: before });

type WriteOptions = Pick<ImportDeps, 'bookkeeper' | 'vault'> & {
  readonly files: BankFiles;
  readonly rows: BankRows;
  readonly hashes: RequestHashes;
  readonly there: AlreadyThere;
  readonly onRows: (count: number) => void;
};

/** Customers, then accounts, then what they began with, then their operations by day and number. */
async function write(
  { accounts, firstDate }: CheckedBank,
  { files, rows, hashes, there, bookkeeper, vault, onRows }: WriteOptions,
): Promise<void> {
  const commands = submissions(files, randomUUID());
  const queue = inOrder(bookkeeper, (outcome, { actor }) => {
    if (!outcome.accepted) throw rejected(outcome.rejection, `The row ${actor.slice('import:'.length)}`);
  });
  for await (const some of rows.customers.rows()) {
    // A key is made only for who is new: none is left over.
    const added = some.filter(({ customer }) => !there.customers.has(customer));
    for (let from = 0; from < added.length; from += sealedAtOnce) {
      const sealing = added.slice(from, from + sealedAtOnce);
      const sealed = await vault.sealMany(sealing.map(({ profile }) => profile));
      for (const [index, row] of sealing.entries()) {
        const profile = sealed[index];
        if (profile === undefined) throw new Error('a profile was not sealed');
        await queue.submit(commands.customer(row, profile));
      }
    }
    onRows(some.length);
  }
  for await (const some of rows.accounts.rows()) {
    for (const row of some) {
      if (!there.accounts.has(row.account)) await queue.submit(commands.account(row));
    }
    onRows(some.length);
  }
  for (const [account, sums] of accounts) {
    const opening = { account, amountMinor: openingOf(sums) };
    if (opening.amountMinor === 0n || there.openings.has(account)) continue;
    const row = { ...opening, line: sums.line, requestHash: hashes.opening(opening) };
    await queue.submit(commands.opening(row, sums.firstDate ?? firstDate));
  }
  for await (const some of rows.operations.rows()) {
    for (const row of some) {
      if (!there.operations.has(row.line)) await queue.submit(commands.operation(row));
    }
    onRows(some.length);
  }
  await queue.drain();
}

function checkBalances(
  { accounts: sums }: CheckedBank,
  bookkeeper: Bookkeeper,
): Pick<ImportReport, 'totalMinor' | 'movedSince'> {
  let totalMinor = 0n;
  let movedSince = 0;
  for (const [account, of] of sums) {
    const state = bookkeeper.account(account);
    const imported = of.operations + (openingOf(of) === 0n ? 0 : 1);
    if (state === undefined) throw new Error(`account ${account} was imported, but is not in the book`);
    if (state.balance !== of.balanceMinor) {
      // Entries that are not of these files: the bank's own, or those of an earlier import.
      if (state.version > imported) movedSince += 1;
      else throw new Error(`account ${account} holds ${String(state.balance)} instead of ${String(of.balanceMinor)}`);
    }
    totalMinor += state.balance;
  }
  return { totalMinor, movedSince };
}
