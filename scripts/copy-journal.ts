/** `npm run copy-journal`: moves a journal to another event log, in order, and shows that both sides are the same. */
import { parseArgs } from 'node:util';
import { readEventLog } from '../ledger/src/journal/event-log.ts';
import type { Journal } from '../ledger/src/journal/journal.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import pg from 'pg';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { copyJournal, sameJournals } from './copy/copy-journal.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';
import { reach } from './reach-journal.ts';
import { progressDisplay } from './show-progress.ts';

const usage =
  'Usage: npm run copy-journal -- --from PLACE --to PLACE. A place is postgres://…, kurrentdb://…, esdb://…, or "own" for the bank’s own PostgreSQL.';

type Side = { readonly journal: Journal; readonly close: () => Promise<void> };

function readPlaces(): { readonly from: string; readonly to: string } {
  try {
    const { values } = parseArgs({ options: { from: { type: 'string' }, to: { type: 'string' } } });
    const { from, to } = values;
    if (from !== undefined && to !== undefined && from !== to) return { from, to };
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  throw new Failure(usage);
}

async function open(place: string): Promise<Side> {
  const config = readConfig(process.env);
  const isPostgres = place === 'own' || /^postgres(ql)?:\/\//.test(place);
  const eventLog = readEventLog(isPostgres ? undefined : place, config.eventLog.ledger);
  if (typeof eventLog === 'string') throw new Failure(`${usage}\n${eventLog}`);
  const database = isPostgres
    ? await openDatabase({ ...config, databaseUrl: place === 'own' ? undefined : place })
    : undefined;
  const pool = new pg.Pool({ connectionString: database?.url ?? '', options: '-c role=grandlivre_server', max: 2 });
  // A connection lost while nobody used it: the next use makes a new one.
  pool.on('error', () => undefined);
  const journal = openJournal(eventLog, pool);
  return {
    journal,
    async close() {
      await journal.close();
      await pool.end();
      await database?.release();
    },
  };
}

async function main(): Promise<void> {
  const places = readPlaces();
  const opened: Side[] = [];
  const progress = progressDisplay(process.stdout);
  try {
    for (const [option, place] of [
      ['--from', places.from],
      ['--to', places.to],
    ] as const) {
      const side = await open(place);
      opened.push(side);
      await reach(side.journal, option);
    }
    const [from, to] = opened as [Side, Side];
    const copied = await copyJournal(from.journal, to.journal, progress.show);
    const { events, digests } = await sameJournals(from.journal, to.journal, progress.show);
    progress.end();
    console.log(
      [
        `${copied.toLocaleString('en')} events copied; both sides hold the same ${events.toLocaleString('en')} events.`,
        `SHA-256 of the source: ${digests.from}`,
        `SHA-256 of the target: ${digests.to}`,
      ].join('\n'),
    );
  } finally {
    progress.end();
    for (const side of opened.reverse()) await side.close();
  }
}

main().catch((error: unknown) => {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
});
