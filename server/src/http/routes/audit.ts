/** The routes of an auditor: any account, its events, its state at any moment, and the whole bank's balance. */
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { AccountOverview, ReadModel } from '../../../../projections/src/read-model.ts';
import { standingAt } from '../../audit/standing.ts';
import { stateAt } from '../../audit/state-at.ts';
import * as contract from '../contract/audit.ts';
import { requestCurrency } from '../contract/fields.ts';
import type { Refusal } from '../problems.ts';
import type { Route } from '../serve.ts';
import { route } from '../serve.ts';
import { page, viewAuditedAccount, viewAuditedEntry, viewEvent, viewState } from '../view.ts';
import { reach } from '../waiting.ts';

type Parts = { readonly readModel: ReadModel; readonly journal: Journal };

export const auditRoutes = ({ readModel, journal }: Parts): readonly Route[] => [
  route(contract.searchAccounts, async ({ query: { query, status, type, cursor, limit, after } }) => {
    const late = await reach(readModel, after);
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
    const late = await reach(readModel, query.after);
    if (late !== undefined) return late;
    // Asked first: what is read afterwards includes at least this position.
    const position = await readModel.position();
    const overview = await find(readModel, account);
    return 'code' in overview ? overview : { body: { ...viewAuditedAccount(overview), position } };
  }),

  route(contract.auditEvents, async ({ params: { account }, query: { cursor, limit, after } }) => {
    const late = await reach(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const positions = await readModel.eventPositions(account, { after: cursor, limit: limit + 1 });
    const { items, next } = page(positions, limit, String);
    return { body: { events: (await journal.readAt(items)).map(viewEvent), next } };
  }),

  route(contract.auditState, async ({ params: { account }, query: { version, at, after } }) => {
    const late = await reach(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    if (version !== undefined && version > overview.version) {
      const problem = `must be at most ${String(overview.version)}: the account has had no more postings`;
      return { code: 'validation_failed', errors: [{ where: 'query.version', problem }] };
    }
    const found = await stateAt({ readModel, journal }, account, { version, at });
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

  route(contract.auditStanding, async ({ params: { account }, query: { version, at } }) => {
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const standing = await standingAt({ readModel, journal }, account, { version, at });
    if (standing === undefined) return { code: 'entry_not_found' };
    return { body: { position: standing.position, state: viewState(standing.state) } };
  }),

  route(contract.auditEntries, async ({ params: { account }, query: { before, limit, after } }) => {
    const late = await reach(readModel, after);
    if (late !== undefined) return late;
    const overview = await find(readModel, account);
    if ('code' in overview) return overview;
    const found = await readModel.entries(account, { limit: limit + 1, ...(before !== undefined && { before }) });
    const { items, next } = page(found, limit, ({ version }) => String(version));
    return { body: { entries: items.map(viewAuditedEntry), next } };
  }),

  route(contract.trialBalance, async ({ query }) => {
    const late = await reach(readModel, query.after);
    if (late !== undefined) return late;
    const { position, accounts, total } = await readModel.trialBalance();
    return {
      body: {
        position,
        accounts: accounts.map((kind) => ({ ...kind, balance: formatAmount(kind.balance, requestCurrency) })),
        total: formatAmount(total, requestCurrency),
        balanced: total === 0n,
      },
    };
  }),
];

async function find(readModel: ReadModel, account: string): Promise<AccountOverview | Refusal> {
  return (await readModel.account(account)) ?? { code: 'account_not_found', account };
}
