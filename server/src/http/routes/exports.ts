/** The routes that give an account as a file: entries as CSV, events as JSON lines, a statement as PDF. */
import { Readable } from 'node:stream';
import type { CivilTime } from '../../../../ledger/src/civil-time.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { ReadModel } from '../../../../projections/src/read-model.ts';
import * as contract from '../../../../api/src/calls/exports.ts';
import type { StatementCheckpoint } from '../exports/statement-pdf.ts';
import { entriesCsv } from '../exports/entries-csv.ts';
import { eventsJsonl } from '../exports/events-jsonl.ts';
import { parseCheckpointText } from '../../../../ledger/src/transparency/checkpoint.ts';
import { parseNote } from '../../../../ledger/src/transparency/note.ts';
import type { PublishedLog } from '../../log/published-log.ts';
import type { ThreadPool } from '../../threads/thread-pool.ts';
import type { Route } from '../pipeline.ts';
import { route } from '../pipeline.ts';

type Parts = {
  readonly readModel: ReadModel;
  /** For what goes on for long. */
  readonly streams: { readonly readModel: ReadModel; readonly journal: Journal };
  readonly threads: ThreadPool;
  readonly publishedLog: Pick<PublishedLog, 'latest'>;
  readonly civil: CivilTime;
};

/** For 5,000 entries it takes 3 s on a small machine; what it waits for a thread counts. Chosen, not measured. */
const statementWithinMs = 60_000;

export const exportRoutes = ({ readModel, streams, threads, publishedLog, civil }: Parts): readonly Route[] => [
  route(contract.exportEntries, async ({ params: { account }, query: { from, to } }) => {
    if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
    return {
      pieces: entriesCsv(streams.readModel, account, from, to ?? Number.MAX_SAFE_INTEGER),
      headers: attachment(`entries-${account}.csv`),
    };
  }),

  route(contract.exportStatement, async ({ params: { account }, query, signal }) => {
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
    const statement = {
      ...{ account: overview, entries: entries.toReversed() },
      ...{ madeAtMs: Date.now(), timeZone: civil.timeZone, checkpoint: await checkpointOf(publishedLog) },
    };
    const within = AbortSignal.any([signal, AbortSignal.timeout(statementWithinMs)]);
    const file = await threads.run('statement', statement, within).catch((error: unknown) => {
      if (within.aborted && !signal.aborted) return undefined;
      throw error;
    });
    if (file === undefined) return { code: 'overloaded', retryAfterSeconds: 5 };
    return {
      pieces: Readable.from([file]),
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

/** Read after the entries. A checkpoint of an earlier moment may lack the last of them. */
async function checkpointOf(publishedLog: Pick<PublishedLog, 'latest'>): Promise<StatementCheckpoint | undefined> {
  const published = await publishedLog.latest();
  const text = published && parseNote(published.note)?.text;
  const checkpoint = text === undefined ? undefined : parseCheckpointText(text);
  if (published === undefined || checkpoint === undefined) return undefined;
  const { origin, size, root } = checkpoint;
  return { origin, size, root: root.toString('base64'), signedAtMs: published.signedAtMs };
}

const attachment = (name: string): Record<string, string> => ({
  'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
});
