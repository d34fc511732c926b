/** The routes for the whole bank: at a glance, live, verified, and as files. */
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'csv-stringify/sync';
import { formatAmount } from '../../../../ledger/src/domain/money.ts';
import type { Journal } from '../../../../ledger/src/journal/journal.ts';
import type { BankOverview, ReadModel } from '../../../../projections/src/read-model.ts';
import { feed, message } from '../../audit/feed.ts';
import type { SecurityLog } from '../../audit/security-log.ts';
import type { Verification, Verifications } from '../../audit/verifications.ts';
import * as contract from '../contract/audit.ts';
import { requestCurrency } from '../contract/fields.ts';
import type { Route } from '../serve.ts';
import { route } from '../serve.ts';
import { statementPdf } from '../statement-pdf.ts';
import { viewAuditedEntry, viewEvent } from '../view.ts';

type Parts = {
  readonly readModel: ReadModel;
  readonly journal: Journal;
  readonly security: SecurityLog;
  readonly verifications: Verifications;
  readonly progress: () => { readonly head: number; readonly position: number; readonly lagSeconds: number };
};

const money = (amount: bigint): string => formatAmount(amount, requestCurrency);
const shownBefore = 50;
const progressEveryMs = 500;

export const oversightRoutes = (parts: Parts): readonly Route[] => {
  const { readModel, journal, security, verifications, progress } = parts;
  const glance = kept(() => readModel.overview(), 60_000);

  return [
    route(contract.readOverview, async () => {
      const { accounts, days } = await glance();
      const { head, position, lagSeconds } = progress();
      return {
        body: {
          head,
          readModel: { position, lagSeconds },
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

    route(contract.readCurve, async ({ params: { account }, query: { points } }) => {
      if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
      const found = await readModel.curve(account, points);
      return {
        body: {
          points: found.map(({ balance, low, high, ...point }) => ({
            ...point,
            ...{ balance: money(balance), low: money(low), high: money(high) },
          })),
        },
      };
    }),

    route(contract.followFeed, async ({ query: { after } }) => ({
      pieces: feed({ journal, security }, after ?? Math.max(0, (await journal.head()) - shownBefore), viewEvent),
    })),

    route(contract.beginVerification, async ({ caller }) => ({
      body: { id: await verifications.begin(caller.username) },
    })),

    route(contract.listVerifications, async () => ({
      body: { verifications: (await verifications.latest(50)).map(viewVerification) },
    })),

    route(contract.followVerification, async ({ params: { id } }) => {
      if ((await verifications.find(id)) === undefined) return { code: 'not_found' };
      return { pieces: toItsEnd(verifications, id) };
    }),

    route(contract.exportEntries, async ({ params: { account }, query: { from, to } }) => {
      if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
      return {
        pieces: entriesCsv(readModel, account, from, to ?? Number.MAX_SAFE_INTEGER),
        headers: attachment(`entries-${account}.csv`),
      };
    }),

    route(contract.exportStatement, async ({ params: { account }, query }) => {
      const overview = await readModel.account(account);
      if (overview === undefined) return { code: 'account_not_found', account };
      const to = Math.min(query.to ?? overview.version, overview.version);
      const from = query.from ?? Math.max(1, to - contract.mostStatementEntries + 1);
      const limit = Math.max(0, to - from + 1);
      const entries = limit === 0 ? [] : await readModel.entries(account, { before: to + 1, limit });
      return {
        pieces: statementPdf(overview, entries.toReversed(), new Date().toISOString()),
        headers: attachment(`statement-${account}.pdf`),
      };
    }),

    route(contract.exportEvents, async ({ params: { account }, query: { from, to } }) => {
      if ((await readModel.account(account)) === undefined) return { code: 'account_not_found', account };
      return {
        pieces: eventLines(parts, account, from, to ?? Number.MAX_SAFE_INTEGER),
        headers: attachment(`events-${account}.jsonl`),
      };
    }),
  ];
};

const attachment = (name: string): Record<string, string> => ({
  'Content-Disposition': `attachment; filename="${name.replaceAll(/[^\w.-]/g, '_')}"`,
});

const viewVerification = ({ total, differences, ...rest }: Verification) => ({
  ...rest,
  ...(total !== undefined && { total: money(total) }),
  ...(differences !== undefined && { differences: [...differences] }),
});

async function* toItsEnd(verifications: Verifications, id: number): AsyncGenerator<string> {
  for (;;) {
    const found = await verifications.find(id);
    if (found === undefined) return;
    yield message('progress', viewVerification(found));
    if (found.state !== 'running') return;
    await sleep(progressEveryMs);
  }
}

async function* entriesCsv(readModel: ReadModel, account: string, from: number, to: number): AsyncGenerator<string> {
  const columns = [
    'version',
    'entryId',
    'position',
    'recordedAt',
    'valueDate',
    'type',
    'label',
    'amount',
    'balanceAfter',
  ];
  yield `${columns.join(';')};counterparty;reference\n`;
  for await (const entries of readModel.allEntries(account)) {
    const wanted = entries.filter(({ version }) => version >= from && version <= to).map(viewAuditedEntry);
    if (wanted.length === 0) continue;
    yield stringify(
      wanted.map((entry) => [
        ...[entry.version, entry.entryId, entry.position, entry.recordedAt, entry.valueDate, entry.type, entry.label],
        ...[entry.amount, entry.balanceAfter, entry.counterparty ?? '', entry.reference ?? ''],
      ]),
      { delimiter: ';', escape_formulas: true },
    );
  }
}

async function* eventLines(
  { readModel, journal }: Pick<Parts, 'readModel' | 'journal'>,
  account: string,
  from: number,
  to: number,
): AsyncGenerator<string> {
  for (let after = from - 1; ;) {
    const positions = (await readModel.eventPositions(account, { after, limit: 500 })).filter((one) => one <= to);
    const last = positions.at(-1);
    if (last === undefined) return;
    const events = await journal.readAt(positions);
    // The stored texts themselves: whoever hashes them finds what was written.
    yield events
      .map(({ position, id, type, data, metadata }) => {
        const head = `"position":${String(position)},"id":${JSON.stringify(id)},"type":${JSON.stringify(type)}`;
        return `{${head},"data":${data},"metadata":${metadata}}\n`;
      })
      .join('');
    after = last;
  }
}

/** What is dear to find out is asked for at most once in a while, however many ask. */
function kept(read: () => Promise<BankOverview>, forMs: number): () => Promise<BankOverview> {
  let found: { readonly at: number; readonly value: Promise<BankOverview> } | undefined;
  return () => {
    if (found !== undefined && performance.now() - found.at < forMs) return found.value;
    const value = read();
    found = { at: performance.now(), value };
    value.catch(() => {
      found = undefined;
    });
    return value;
  };
}
