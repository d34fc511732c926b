/** Imports a bank: checks the files, compares them with the bank, writes what is new, gives the PINs, checks the balances. */
import { randomUUID } from 'node:crypto';
import type { Bookkeeper } from '../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Vault } from '../../ledger/src/vault/vault.ts';
import type { PinGate } from '../../server/src/access/pin-gate.ts';
import type { BankFiles, CheckedBank } from './check-files.ts';
import { checkFiles, openingOf } from './check-files.ts';
import type { AlreadyThere } from './compare.ts';
import { compareWithBank } from './compare.ts';
import { inOrder } from './in-order.ts';
import { refused } from './refused.ts';
import { accounts, customers, operations } from './row-shapes.ts';
import type { Submissions } from './submissions.ts';
import { submissions } from './submissions.ts';
import { rereadRows } from './typed-rows.ts';

export type ImportDeps = {
  readonly bookkeeper: Bookkeeper;
  readonly vault: Pick<Vault, 'sealMany'>;
  /** Gives first PINs; an account that has one keeps it. */
  readonly enrolMany: PinGate['enrolMany'];
  readonly requestKey: Buffer;
};

export type Progress = {
  readonly phase: 'checking' | 'comparing' | 'writing' | 'giving PINs';
  readonly done: number;
  /** Unknown while the files are read for the first time. */
  readonly total?: number;
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
  onProgress: (progress: Progress) => void,
): Promise<ImportReport> {
  const startedAt = performance.now();
  const bank = await checkFiles(files, steps('checking'));
  const total = bank.customers + bank.accounts.size + bank.operations;
  const commands = submissions(files, { requestKey, correlationId: randomUUID() });
  const there = await compareWithBank(bank, bookkeeper, commands, steps('comparing', total));
  await write(bank, there, commands, { bookkeeper, vault, onRows: steps('writing', total) });
  const given = steps('giving PINs', bank.accounts.size);
  for await (const rows of rereadRows(files.accounts, accounts)) {
    await enrolMany(
      rows.map(({ value }) => value),
      () => {
        given(1);
      },
    );
  }
  const count = (all: number, before: number): Count => ({ added: all - before, alreadyThere: before });
  return {
    customers: count(bank.customers, there.customers.size),
    accounts: count(bank.accounts.size, there.accounts.size),
    operations: count(bank.operations, there.operations.size),
    ...checkBalances(bank, bookkeeper),
    seconds: (performance.now() - startedAt) / 1000,
  };

  function steps(phase: Progress['phase'], of?: number): (more: number) => void {
    let done = 0;
    return (more) => {
      done += more;
      onProgress({ phase, done, ...(of === undefined ? {} : { total: of }) });
    };
  }
}

/** Customers, then accounts, then what they began with, then their operations in the order of the file. */
async function write(
  { files, accounts: sums, firstDate }: CheckedBank,
  there: AlreadyThere,
  commands: Submissions,
  { bookkeeper, vault, onRows }: Pick<ImportDeps, 'bookkeeper' | 'vault'> & { readonly onRows: (rows: number) => void },
): Promise<void> {
  const queue = inOrder(bookkeeper, (outcome, { actor }) => {
    if (!outcome.accepted) throw refused(outcome.rejection, `The row ${actor.slice('import:'.length)}`);
  });
  for await (const rows of rereadRows(files.clients, customers)) {
    // A key is made only for who is new: none is left over.
    const added = rows.filter(({ value }) => !there.customers.has(value.customer));
    for (let from = 0; from < added.length; from += sealedAtOnce) {
      const some = added.slice(from, from + sealedAtOnce);
      const sealed = await vault.sealMany(some.map(({ value }) => value.profile));
      for (const [index, row] of some.entries()) {
        const profile = sealed[index];
        if (profile === undefined) throw new Error('a profile was not sealed');
        await queue.submit(commands.customer(row, profile));
      }
    }
    onRows(rows.length);
  }
  for await (const rows of rereadRows(files.accounts, accounts)) {
    for (const row of rows) {
      if (!there.accounts.has(row.value.account)) await queue.submit(commands.account(row));
    }
    onRows(rows.length);
  }
  for (const [account, of] of sums) {
    const amountMinor = openingOf(of);
    if (amountMinor === 0n || there.openings.has(account)) continue;
    const valueDate = of.firstDate ?? firstDate;
    await queue.submit(commands.opening(account, { line: of.line, amountMinor, valueDate }));
  }
  for await (const rows of rereadRows(files.operations, operations)) {
    for (const row of rows) {
      if (!there.operations.has(row.line)) await queue.submit(commands.operation(row));
    }
    onRows(rows.length);
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
    if (state.version > imported) movedSince += 1;
    else if (state.balance !== of.balanceMinor) {
      throw new Error(`account ${account} holds ${String(state.balance)} instead of ${String(of.balanceMinor)}`);
    }
    totalMinor += state.balance;
  }
  return { totalMinor, movedSince };
}
