/** The routes that show the whole bank in figures: its overview and its trial balance. */
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import * as contract from '../../../../api/src/calls/bank-overview.ts';
import { requestCurrency } from '../../../../api/src/fields.ts';
import type { LogState } from '../../log/log-watch.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';
import { waitForPosition } from '../waiting.ts';

type Parts = {
  readonly readModel: ReadModel;
  readonly transparencyLog: () => LogState | undefined;
  readonly progress: () => { readonly head: number; readonly position: number; readonly lagSeconds: number };
};

const money = (amountMinor: bigint): string => formatAmount(amountMinor, requestCurrency);

const viewLog = (log: LogState | undefined) =>
  log && { ...log, signed: reached(log.signed), cosigned: reached(log.cosigned) };

const reached = (one: LogState['signed']) => one && { size: one.size, at: one.at.toISOString() };

export const bankOverviewRoutes = ({ readModel, transparencyLog, progress }: Parts): readonly Route[] => {
  return [
    route(contract.readOverview, async () => {
      const { accounts, days } = await readModel.overview();
      const { head, position, lagSeconds } = progress();
      return {
        body: {
          head,
          readModel: { position, lagSeconds },
          log: viewLog(transparencyLog()),
          accounts,
          days: days.map((one) => ({
            day: one.day,
            deposits: money(one.deposits),
            outflow: money(one.outflow),
            transfers: money(one.transfers),
            operations: one.operations,
          })),
        },
      };
    }),

    route(contract.trialBalance, async ({ query }) => {
      const late = await waitForPosition(readModel, query.after);
      if (late !== undefined) return late;
      const { position, accounts, total } = await readModel.trialBalance();
      return {
        body: {
          position,
          accounts: accounts.map((kind) => ({ ...kind, balance: money(kind.balance) })),
          total: money(total),
          balanced: total === 0n,
        },
      };
    }),
  ];
};
