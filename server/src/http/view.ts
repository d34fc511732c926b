/** How accounts, entries and sums look from outside. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { formatAmount, parseAmount } from '../../../ledger/src/domain/money.ts';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { AccountOverview, Entry } from '../../../projections/src/read-model.ts';
import { requestCurrency } from '../../../api/src/fields.ts';

/** An amount as its schema let it through. */
export function toMinor(amount: string): bigint {
  const amountMinor = parseAmount(amount, requestCurrency);
  if (amountMinor === undefined) throw new Error('an amount passed its schema that is none');
  return amountMinor;
}

/** Of one item more than the page holds: the page, and where the next one begins if there is one. */
export function page<T>(
  found: readonly T[],
  limit: number,
  cursorOf: (last: T) => string,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items, next: found.length > limit && last !== undefined ? cursorOf(last) : undefined };
}

/** Undefined for the bank's own accounts, and once the customer's key was destroyed. */
export const holderOf = ({ holder }: AccountOverview): string | undefined =>
  holder === undefined ? undefined : `${holder.firstName} ${holder.lastName}`;

export const viewEntry = (entry: Entry) => ({
  entryId: entry.entryId,
  recordedAt: entry.recordedAt,
  valueDate: entry.valueDate,
  type: entry.type,
  label: entry.label,
  amount: formatAmount(entry.amount, entry.currency),
  balanceAfter: formatAmount(entry.balanceAfter, entry.currency),
  counterparty: entry.counterparty,
  reference: entry.reference,
});

/** An entry in the words of a statement, with the reference the sender gave. */
export const statementLabel = ({ label, reference }: Pick<Entry, 'label' | 'reference'>): string =>
  reference === undefined ? label : `${label} — ${reference}`;

export const viewAuditedEntry = (entry: Entry) => ({
  ...viewEntry(entry),
  version: entry.version,
  position: entry.position,
});

export const viewAuditedAccount = (overview: AccountOverview) => ({
  account: overview.account,
  kind: overview.kind,
  holder: holderOf(overview),
  customer: overview.customer,
  accountType: overview.accountType,
  balance: formatAmount(overview.balance, overview.currency),
  currency: overview.currency,
  version: overview.version,
  status: overview.status,
  floor: formatAmount(overview.floor, overview.currency),
  lockedUntil: overview.lockedUntil,
  openedAt: overview.openedAt,
});

export const viewEvent = ({ position, id, type, data, metadata }: JournalEvent) => ({
  position,
  id,
  type,
  data: JSON.parse(data) as Record<string, unknown>,
  metadata: JSON.parse(metadata) as Record<string, string>,
  stored: { data, metadata },
});

export const viewState = (state: AccountState) => ({
  balance: formatAmount(state.balance, state.currency),
  currency: state.currency,
  version: state.version,
  status: state.status,
  floor: formatAmount(state.floor, state.currency),
  customer: state.customer,
  accountType: state.accountType,
  lockedUntil: state.lockedUntil,
});
