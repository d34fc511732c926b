/** The routes that give an account as a file: entries as CSV, events as JSON lines, a statement as PDF. */
import type { CivilTime } from '../../../../ledger/src/civil-time.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import * as contract from '../../../../api/src/calls/exports.ts';
import { entriesCsv } from '../exports/entries-csv.ts';
import { eventsJsonl } from '../exports/events-jsonl.ts';
import { statementPdf } from '../exports/statement-pdf.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly readModel: ReadModel;
  /** For what goes on for long. */
  readonly streams: { readonly readModel: ReadModel; readonly journal: Journal };
  readonly civil: CivilTime;
};

export const exportRoutes = ({ readModel, streams, civil }: Parts): readonly Route[] => [
  route(contract.exportEntries, async ({ params: { account }, query: { from, to } }) => {
    if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
    return {
      pieces: entriesCsv(streams.readModel, account, from, to ?? Number.MAX_SAFE_INTEGER),
      headers: attachment(`entries-${account}.csv`),
    };
  }),

  route(contract.exportStatement, async ({ params: { account }, query }) => {
    const overview = await readModel.account(account);
    if (overview === undefined) return { code: 'account_not_found', account };
    const to = Math.min(query.to ?? overview.version, overview.version);
    const earliest = Math.max(1, to - contract.mostStatementEntries + 1);
    const { from = earliest } = query;
    if (from < earliest) {
      const problem = `must be at least ${String(earliest)}, or come with a to: a statement has at most ${String(contract.mostStatementEntries)} entries`;
      return { code: 'validation_failed', errors: [{ where: 'query.from', problem }] };
    }
    const limit = Math.max(0, to - from + 1);
    const entries = limit === 0 ? [] : await readModel.entries(account, { before: to + 1, limit });
    return {
      pieces: statementPdf(overview, entries.toReversed(), { madeAtMs: Date.now(), civil }),
      headers: attachment(`statement-${account}.pdf`),
    };
  }),

  route(contract.exportEvents, async ({ params: { account }, query: { from, to } }) => {
    if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
    return {
      pieces: eventsJsonl(streams, account, from, to ?? Number.MAX_SAFE_INTEGER),
      headers: attachment(`events-${account}.jsonl`),
    };
  }),
];

const attachment = (name: string): Record<string, string> => ({
  'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
});
