/** Measures a, b and c: durable transfers through the bookkeeper in this process, beside the peers. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Bank, BankConfig } from '../bank.ts';
import { bookkeeperCandidate, openBank, project } from '../bank.ts';
import { benchmark } from '../benchmark.ts';
import { ownerPool } from '../databases.ts';
import { emmett } from '../peers/emmett.ts';
import { journalTable } from '../peers/journal-table.ts';
import { sqlFunction } from '../peers/sql-function.ts';
import { seedAccounts, seedEventLog } from '../seed.ts';
import type { NextPair } from '../transfers.ts';
import { intoOne, randomPairs } from '../transfers.ts';
import type { Part, Run } from './part.ts';

export const manyCallers = (run: Run): Promise<Part> =>
  transfers(run, {
    name: 'a',
    title: '10,000 accounts',
    accounts: 10_000,
    callers: [1, 16, 64, 512, 4_096],
    next: randomPairs(10_000),
  });

export function manyAccounts(run: Run): Promise<Part> {
  const accounts = run.quick ? 100_000 : 1_000_000;
  const title = `${accounts.toLocaleString('en')} accounts`;
  return transfers(run, { name: 'b', title, accounts, callers: [64, 512, 4_096], next: randomPairs(accounts) });
}

export const hotDestination = (run: Run): Promise<Part> =>
  transfers(run, {
    name: 'c',
    title: '10,000 accounts, everybody pays the same one',
    accounts: 10_000,
    callers: [1, 16, 64, 512, 4_096],
    next: intoOne(10_000),
  });

type Setting = {
  readonly name: string;
  readonly title: string;
  readonly accounts: number;
  readonly callers: readonly number[];
  readonly next: NextPair;
};

async function transfers(run: Run, { name, title, accounts, callers, next }: Setting): Promise<Part> {
  const { databases, stateDir, pace, progress } = run;
  progress(`opening ${accounts.toLocaleString('en')} accounts`);
  const config = { databaseUrl: await databases.bank(`${name}_bank`), stateDir };
  await project(config, await seedAccounts(config, accounts));
  const { bank, notes } = await openMeasured(config, accounts);
  const logConfig =
    run.eventLogUrl && (await seedEventLog(config, await databases.bank(`${name}_log`), run.eventLogUrl));
  if (logConfig) await project(logConfig, bank.bookkeeper.head);
  const logBank = logConfig ? await openBank(logConfig) : undefined;

  const sql = await sqlFunction(await databases.empty(`${name}_sql`), accounts);
  const emmettStore = await emmett(await databases.empty(`${name}_emmett`));
  const table = await journalTable(await databases.bank(`${name}_table`), next);
  const figures = await benchmark(
    [
      ...callers.map((count) => bookkeeperCandidate(bank, config, count, next)),
      ...(logBank && logConfig ? callers.map((count) => bookkeeperCandidate(logBank, logConfig, count, next)) : []),
      sql.candidate(16, next),
      emmettStore.candidate(16, next),
      table.oneRowCommits,
    ],
    pace,
    progress,
  );
  // Apart from the others: it writes so much WAL that PostgreSQL would run checkpoints during their rounds.
  const ceiling = await benchmark([table.copy], pace, progress);
  const size = await eventSize(config.databaseUrl);
  await Promise.all([bank.stop(), logBank?.stop(), sql.stop(), emmettStore.stop(), table.stop()]);
  return {
    title: `Durable transfers, ${title}`,
    unit: 'transfers',
    figures: [...figures, ...ceiling],
    peers: ['SQL function', 'emmett-postgresql', 'one-row commits', 'COPY'],
    notes: [...notes, `a transfer is one event of ${String(size)} bytes (data and metadata)`],
  };
}

/** Opens the bookkeeper from the journal's first event on, and measures the memory its book takes. */
async function openMeasured(
  config: BankConfig,
  accounts: number,
): Promise<{ readonly bank: Bank; readonly notes: readonly string[] }> {
  const before = memoryInUse();
  const start = performance.now();
  const bank = await openBank(config);
  const seconds = (performance.now() - start) / 1000;
  const bytes = (memoryInUse() - before) / accounts;
  return {
    bank,
    notes: [
      `the book takes ${bytes.toFixed(0)} bytes an account`,
      `a start without a snapshot reads ${Math.round(bank.bookkeeper.head / seconds).toLocaleString('en')} events a second`,
    ],
  };
}

/** After a garbage collection: what is left is in use. */
function memoryInUse(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function eventSize(databaseUrl: string): Promise<number> {
  const pool = ownerPool(databaseUrl, 1);
  const { rows } = await pool.query<{ bytes: string }>(
    `select round(avg(octet_length(data) + octet_length(metadata))) as bytes
     from (select data, metadata from journal.events order by position desc limit 1000) as latest`,
  );
  await pool.end();
  return Number(rows[0]?.bytes);
}
