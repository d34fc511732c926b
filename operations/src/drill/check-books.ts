/** Holds the journal against itself, and the read model against the journal's fold. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { accountsOf, BrokenHistory, evolveAccount, isCustomerAccount } from '../../../ledger/src/domain/account.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Difference, Evidence, Shown } from './history.ts';
import { difference } from './history.ts';

export function checkBooks({ journal, shown, notAsRebuilt }: Evidence): readonly Difference[] {
  const found: Difference[] = [];
  const accounts = new Map<string, AccountState>();
  for (const [index, { position, event, metadata }] of journal.entries()) {
    const where = `position ${String(position)}`;
    if (position !== index + 1) {
      found.push(difference('broken history', where, `stands where ${String(index + 1)} should be`));
      break;
    }
    const before = journal[index - 1]?.metadata.recordedAt ?? '';
    if (metadata.recordedAt < before) {
      found.push(difference('broken history', where, `recorded at ${metadata.recordedAt}, before the one before it`));
    }
    if (isMoneyEvent(event)) {
      const sum = event.postings.reduce((before, { amount }) => before + amount, 0n);
      if (sum !== 0n) found.push(difference('unbalanced', where, `its postings add up to ${String(sum)}`));
    }
    for (const account of new Set(accountsOf(event))) {
      const { state, fault } = evolve(accounts.get(account), account, event);
      if (fault !== undefined) found.push(difference('broken history', where, fault));
      if (state === undefined) continue;
      accounts.set(account, state);
      if (!isCustomerAccount(account) || state.balance >= state.floor) continue;
      found.push(difference('overdrawn', where, `account ${account} is at ${String(state.balance)}`));
    }
  }
  return [
    ...found,
    ...compareShown(accounts, shown),
    ...notAsRebuilt.map(({ table, differing }) =>
      difference('rebuild', table, `${String(differing)} rows are not as a rebuild makes them`),
    ),
  ];
}

function evolve(
  before: AccountState | undefined,
  ...[account, event]: [string, Parameters<typeof evolveAccount>[2]]
): { readonly state: AccountState | undefined; readonly fault?: string } {
  try {
    return { state: evolveAccount(before, account, event) };
  } catch (error) {
    if (!(error instanceof BrokenHistory)) throw error;
    return { state: before, fault: error.message };
  }
}

function compareShown(accounts: ReadonlyMap<string, AccountState>, shown: readonly Shown[]): readonly Difference[] {
  const found: Difference[] = [];
  const differ = (account: string, journal: string, readModel: string): void => {
    found.push(difference('read model', `account ${account}`, `${readModel}, but the journal's fold is ${journal}`));
  };
  const byAccount = new Map(shown.map((one) => [one.account, one]));
  for (const [account, { balance, version, status }] of accounts) {
    const one = byAccount.get(account);
    const journal = `${String(balance)} after ${String(version)} postings, ${status}`;
    const readModel =
      one === undefined
        ? 'nothing'
        : `${String(one.balanceMinor)} after ${String(one.version)} postings, ${one.status}`;
    if (journal !== readModel) differ(account, journal, readModel);
  }
  for (const { account, balanceMinor } of shown) {
    if (!accounts.has(account)) differ(account, 'nothing', String(balanceMinor));
  }
  const total = shown.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
  if (total !== 0n) found.push(difference('unbalanced', 'the read model', `all balances add up to ${String(total)}`));
  return found;
}
