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
import { postgresJournal } from '../ledger/src/journal/postgres-journal.ts';
import { keyIndex } from '../projections/src/queries/key-index.ts';
import type { Contender } from './contest.ts';
import { serverPool } from './databases.ts';
import { closedLoop } from './load.ts';
import type { NextPair } from './transfers.ts';
import { submissionOf } from './transfers.ts';

export type Bank = { readonly bookkeeper: Bookkeeper; readonly stop: () => Promise<void> };

/** Put together as the server does it. */
export async function openBank(databaseUrl: string, stateDir: string): Promise<Bank> {
  const writer = serverPool(databaseUrl, 4);
  const turnTakers = serverPool(databaseUrl, 1);
  const bookkeeper = await openBookkeeper({
    journal: postgresJournal({ pool: writer }),
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
      await Promise.all([writer.end(), turnTakers.end()]);
    },
  };
}

/** Transfers through the bookkeeper; between rounds the projector catches up, as it would all along. */
export function bookkeeperContender(bank: Bank, databaseUrl: string, callers: number, next: NextPair): Contender {
  const { bookkeeper } = bank;
  const call = async (): Promise<void> => {
    const outcome = await bookkeeper.submit(submissionOf(next()));
    if (!outcome.accepted) throw new Error(`a transfer was rejected: ${outcome.rejection.code}`);
  };
  return {
    name: 'bookkeeper',
    callers,
    round: (forMs) => closedLoop({ callers, forMs, call }),
    async afterRound() {
      await project(databaseUrl, bookkeeper.head);
      await bookkeeper.catchUp();
    },
  };
}

export type RunningProjector = { readonly stop: () => Promise<void> };

export async function startProjector(databaseUrl: string): Promise<RunningProjector> {
  const child = fork(fileURLToPath(new URL('../projections/src/main.ts', import.meta.url)), {
    env: { ...process.env, DATABASE_URL: databaseUrl, LOG_LEVEL: 'warn' },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  await once(child, 'message');
  return {
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    },
  };
}

export async function checkpointOf(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ position: string }>('select position from read.checkpoint');
  return Number(rows[0]?.position);
}

/** Runs the projector until the read model has got to `position`. */
export async function project(databaseUrl: string, position: number): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const projector = await startProjector(databaseUrl);
  while ((await checkpointOf(client)) < position) await sleep(20);
  await projector.stop();
  await client.end();
}
