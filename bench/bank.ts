/** The bank itself under test: a real bookkeeper on a real journal, and the real projector in a process of its own. */
import { fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Bookkeeper } from '../ledger/src/bookkeeper/bookkeeper.ts';
import { openBookkeeper } from '../ledger/src/bookkeeper/open.ts';
import { postgresTurns } from '../ledger/src/bookkeeper/postgres-turns.ts';
import { fileSnapshots } from '../ledger/src/bookkeeper/snapshot.ts';
import type { EventLog } from '../ledger/src/journal/event-log.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { keyIndex } from '../projections/src/queries/key-index.ts';
import type { Contender } from './contest.ts';
import { serverPool } from './databases.ts';
import { closedLoop } from './load.ts';
import type { NextPair } from './transfers.ts';
import { submissionOf } from './transfers.ts';

/** Where a bank keeps what it has. */
export type Place = {
  readonly databaseUrl: string;
  readonly stateDir: string;
  /** Absent: the journal is in the database. */
  readonly eventLog?: EventLog;
};

const inDatabase: EventLog = { eventLogUrl: undefined, ledger: 'main' };

export type Bank = { readonly bookkeeper: Bookkeeper; readonly stop: () => Promise<void> };

/** Put together as the server does it. */
export async function openBank({ databaseUrl, stateDir, eventLog }: Place): Promise<Bank> {
  const writer = serverPool(databaseUrl, 4);
  const turnTakers = serverPool(databaseUrl, 1);
  const journal = openJournal(eventLog ?? inDatabase, writer);
  const bookkeeper = await openBookkeeper({
    journal,
    keys: keyIndex({ pool: writer }),
    turns: postgresTurns({ pool: turnTakers }),
    snapshots: fileSnapshots({ path: join(stateDir, `${randomUUID()}.snapshot`) }),
    now: () => new Date().toISOString(),
    newId: randomUUID,
    soon: setImmediate,
    sleep: (ms) => sleep(ms),
    onTrouble: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  return {
    bookkeeper,
    async stop() {
      await bookkeeper.stop();
      await journal.close();
      await Promise.all([writer.end(), turnTakers.end()]);
    },
  };
}

/** Transfers through the bookkeeper; between rounds the projector catches up, as it would all along. */
export function bookkeeperContender(bank: Bank, place: Place, callers: number, next: NextPair): Contender {
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

export type RunningProgram = { readonly stop: () => Promise<void> };

/** One of the bank's own programs in a process of its own; resolves when it says that it is ready. */
export async function startProgram(
  path: string,
  { databaseUrl, stateDir, eventLog }: Place,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningProgram> {
  const log = eventLog === undefined ? {} : { EVENT_LOG_URL: eventLog.eventLogUrl ?? '', LEDGER: eventLog.ledger };
  const child = fork(fileURLToPath(new URL(`../${path}`, import.meta.url)), {
    env: { DATABASE_URL: databaseUrl, STATE_DIR: stateDir, LOG_LEVEL: 'warn', ...log, ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(child, 'message').then(() => 'ready'), ended.then(() => 'ended')]);
  if (first === 'ended') throw new Error(`${path} ended before it was ready`);
  return {
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export const startProjector = (place: Place): Promise<RunningProgram> => startProgram('projections/src/main.ts', place);

export async function checkpointOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ position: string }>('select position from read.checkpoint');
  return Number(rows[0]?.position);
}

/** Runs the projector until the read model has got to `position`. */
export async function project(place: Place, position: number): Promise<void> {
  const client = new pg.Client({ connectionString: place.databaseUrl });
  await client.connect();
  const projector = await startProjector(place);
  while ((await checkpointOf(client)) < position) await sleep(20);
  await projector.stop();
  await client.query('vacuum read.balances');
  await client.end();
}
