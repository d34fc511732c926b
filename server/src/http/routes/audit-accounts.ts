/** The routes of an auditor on one account or many: finding them, their events, entries, balance history and state at any moment. */
import type { CivilTime } from '../../../../ledger/src/civil-time.ts';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { AccountOverview, ReadModel } from '../../../../projections/src/read-model.ts';
import { momentOf } from '../../audit/moment.ts';
import { stateAtVersion } from '../../audit/state-at-version.ts';
import { stateAt } from '../../audit/state-at.ts';
import * as contract from '../../../../api/src/calls/audit-accounts.ts';
import type { ApiRejection } from '../../../../api/src/problems.ts';
import type { ThreadPool } from '../../threads/thread-pool.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { page, viewAuditedAccount, viewAuditedEntry, viewEvent, viewState } from '../view.ts';
import { waitForPosition } from '../waiting.ts';

type Parts = {
  readonly readModel: ReadModel;
  readonly journal: Journal;
  readonly threads: ThreadPool;
  readonly civil: CivilTime;
};

export const auditAccountRoutes = ({ readModel, journal, threads, civil }: Parts): readonly Route[] => [
  route(contract.searchAccounts, async ({ query: { query, status, type, cursor, limit, after } }) => {
    const late = await waitForPosition(readModel, after);
    if (late !== undefined) return late;
    const found = await readModel.searchAccounts({
      limit: limit + 1,
      ...(query !== undefined && query.trim() !== '' && { query }),
      ...(status !== undefined && { status }),
      ...(type !== undefined && { type }),
      ...(cursor !== undefined && { after: cursor }),
    });
    const { items, next } = page(found, limit, ({ account }) => account);
    return { body: { accounts: items.map(viewAuditedAccount), next } };
  }),

  route(contract.auditAccount, async ({ params: { account }, query }) => {
    const late = await waitForPosition(readModel, query.after);
    if (late !== undefined) return late;
    // Asked first: what is read afterwards includes at least this position.
    const position = await readModel.position();
    const overview = await find(readModel, account);
    return 'code' in overview ? overview : { body: { ...viewAuditedAccount(overview), position } };
  }),

  route(contract.auditEvents, async ({ params: { account }, query: { cursor, limit, after } }) => {
    const late = await waitForPosition(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const positions = await readModel.eventPositions(account, { after: cursor, limit: limit + 1 });
    const { items, next } = page(positions, limit, String);
    return { body: { events: (await journal.readAt(items)).map(viewEvent), next } };
  }),

  route(contract.auditState, async ({ params: { account }, query: { version, at, after }, signal }) => {
    const late = await waitForPosition(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    if (version !== undefined && version > overview.version) {
      const problem = `must be at most ${String(overview.version)}: the account has had no more postings`;
      return { code: 'validation_failed', errors: [{ where: 'query.version', problem }] };
    }
    const found = await stateAt(
      { readModel, journal, threads },
      account,
      { version, moment: at === undefined ? undefined : momentOf(at, civil) },
      signal,
    );
    if ('code' in found) return found;
    const { state, asOf, balanceByValueDate } = found;
    return {
      body: {
        account,
        asOf,
        state: state && viewState(state),
        balanceByValueDate:
          balanceByValueDate === undefined ? undefined : formatAmount(balanceByValueDate, overview.currency),
      },
    };
  }),

  route(contract.auditStateSummary, async ({ params: { account }, query: { version, at } }) => {
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const found = await stateAtVersion({ readModel, journal }, account, {
      version,
      moment: at === undefined ? undefined : momentOf(at, civil),
    });
    if (found === undefined) return { code: 'entry_not_found' };
    return { body: { position: found.position, state: viewState(found.state) } };
  }),

  route(contract.auditEntries, async ({ params: { account }, query: { before, limit, after } }) => {
    const late = await waitForPosition(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const found = await readModel.entries(account, { limit: limit + 1, ...(before !== undefined && { before }) });
    const { items, next } = page(found, limit, ({ version }) => String(version));
    return { body: { entries: items.map(viewAuditedEntry), next } };
  }),

  route(contract.readBalanceHistory, async ({ params: { account }, query: { points } }) => {
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const money = (amountMinor: bigint): string => formatAmount(amountMinor, overview.currency);
    const found = await readModel.balanceHistory(account, points);
    return {
      body: {
        points: found.map(({ balance, low, high, ...point }) => ({
          ...point,
          ...{ balance: money(balance), low: money(low), high: money(high) },
        })),
      },
    };
  }),
];

async function find(readModel: ReadModel, account: string): Promise<AccountOverview | ApiRejection> {
  return (await readModel.account(account)) ?? { code: 'account_not_found', account };
}
