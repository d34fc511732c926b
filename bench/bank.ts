/** The bank itself under test: a real bookkeeper on a real journal, and the real projector in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Bookkeeper } from '../ledger/src/bookkeeper/bookkeeper.ts';
import { largestBalanceMinor } from '../ledger/src/domain/money.ts';
import type { EventLog } from '../ledger/src/journal/event-log.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { openBank as assembleBank } from '../server/src/open-bank.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import type { Candidate } from './benchmark.ts';
import { closedLoop } from './load.ts';
import type { NextPair } from './transfers.ts';
import { submissionOf } from './transfers.ts';

/** Where a bank keeps what it has. */
export type BankConfig = {
  readonly databaseUrl: string;
  readonly stateDir: string;
  /** Absent: the journal is in the database. */
  readonly eventLog?: EventLog;
};

const inDatabase: EventLog = { eventLogUrl: undefined, ledger: 'main' };

/** Limits of cash are not what is measured. */
const plenty = largestBalanceMinor;

export type Bank = { readonly bookkeeper: Bookkeeper; readonly stop: () => Promise<void> };

/** The server's own assembly, save that each starts without a snapshot. */
export async function openBank({ databaseUrl, stateDir, eventLog }: BankConfig): Promise<Bank> {
  const bank = await assembleBank({
    databaseUrl,
    eventLog: eventLog ?? inDatabase,
    secrets: await loadSecrets(stateDir, databaseUrl),
    stateDir: await mkdtemp(join(stateDir, 'bank-')),
    timeZone: 'Europe/Paris',
    cashLimits: { depositMinor: plenty, withdrawalMinor: plenty, dayMinor: plenty },
    application: 'bench',
    // PostgreSQL is stopped right after the pools: a farewell that crosses its own is no error.
    onLostConnection: () => undefined,
    onTrouble: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  return { bookkeeper: bank.bookkeeper, stop: bank.close };
}

/** Transfers through the bookkeeper; between rounds the projector catches up, as it would all along. */
export function bookkeeperCandidate(bank: Bank, place: BankConfig, callers: number, next: NextPair): Candidate {
  const { bookkeeper } = bank;
  const call = async (): Promise<void> => {
    const outcome = await bookkeeper.submit(submissionOf(next()));
    if (!outcome.accepted) throw new Error(`a transfer was rejected: ${outcome.rejection.code}`);
  };
  return {
    name: place.eventLog === undefined ? 'bookkeeper' : 'bookkeeper, event log',
    callers,
    round: (forMs) => closedLoop({ callers, forMs, call }),
    async afterRound() {
      await project(place, bookkeeper.head);
      await bookkeeper.catchUp();
    },
  };
}

export type RunningProgram = { readonly processId: number; readonly stop: () => Promise<void> };

/** One of the bank's own programs in a process of its own; resolves when it says that it is ready. */
export async function startProgram(
  path: string,
  { databaseUrl, stateDir, eventLog }: BankConfig,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const log = eventLog === undefined ? {} : { EVENT_LOG_URL: eventLog.eventLogUrl ?? '', LEDGER: eventLog.ledger };
  const none = { serverDatabaseUrl: undefined, projectorDatabaseUrl: undefined };
  const logIns = await ensureLogIns(databaseUrl, { stateDir, ...none });
  const databases = {
    ...{ SERVER_DATABASE_URL: logIns.server, PROJECTOR_DATABASE_URL: logIns.projector },
    SIGNER_DATABASE_URL: logIns.signer,
  };
  const child = fork(fileURLToPath(new URL(`../${path}`, import.meta.url)), {
    env: { ...databases, STATE_DIR: stateDir, LOG_LEVEL: 'warn', ...log, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child, 'message').then(() => 'ready'), ended.then(() => 'ended')]);
  if (first === 'ended') throw new Error(`${path} ended before it was ready`);
  if (child.pid === undefined) throw new Error(`${path} has no process`);
  return {
    processId: child.pid,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export const startProjector = (place: BankConfig): Promise<RunningProgram> =>
  startProgram('projections/src/main.ts', place);

export async function checkpointOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ position: string }>('select position from read.checkpoint');
  return Number(rows[0]?.position);
}

/** Runs the projector until the read model has got to `position`. */
export async function project(place: BankConfig, position: number): Promise<void> {
  const client = new pg.Client({ connectionString: place.databaseUrl });
  await client.connect();
  const projector = await startProjector(place);
  while ((await checkpointOf(client)) < position) await sleep(20);
  await projector.stop();
  await client.query('vacuum read.balances');
  await client.end();
}
