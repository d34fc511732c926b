/** An account's state after so many postings or at a moment, from the journal's own posting: quick, however long its history is. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { emptyInternalAccount, evolveAccount } from '../../../ledger/src/domain/account.ts';
import { decode } from '../../../ledger/src/domain/codec.ts';
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../projections/src/read-model.ts';
import type { Moment } from './moment.ts';

type Found = { readonly state: AccountState; readonly position: number };

/**
 * The read model only says where to look. Balance and version are the posting's own; status, floor and lock are folded
 * from the account's few events without a posting. Undefined where the journal has no such posting.
 */
export async function stateAtVersion(
  { readModel, journal }: { readonly readModel: ReadModel; readonly journal: Journal },
  account: string,
  { version: wanted, moment }: { readonly version?: number | undefined; readonly moment?: Moment | undefined },
): Promise<Found | undefined> {
  const version = moment === undefined ? wanted : await readModel.versionAt(account, moment.untilMs);
  if (version === undefined || version === 0) return undefined;
  const [entry] = await readModel.entries(account, { before: version + 1, limit: 1 });
  if (entry === undefined) return undefined;
  const { position } = entry;
  const positions = await readModel.eventPositionsWithoutPosting(account, position);
  let state: AccountState | undefined;
  for (const stored of await journal.readAt([...positions, position])) {
    const { event } = decode(stored);
    if (!isMoneyEvent(event)) {
      state = evolveAccount(state, account, event);
      continue;
    }
    const posting = event.postings.find((one) => one.account === account && one.version === version);
    if (posting === undefined) return undefined;
    const before = state ?? emptyInternalAccount(account, event.currency);
    return { state: { ...before, version, balance: posting.balance }, position };
  }
  return undefined;
}
