/** The bank's own PostgreSQL: made at the first start, taken over when a crash left it running, stopped in order. */
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Failure } from '../../../ledger/src/failure.ts';
import { freePort } from '../free-port.ts';
import { homeFor, unprivilegedAccount } from './account.ts';
import { findBinaries } from './binaries.ts';
import { archiveSettings } from './wal-archive.ts';
import type { Data } from './data.ts';
import { ensureData, sweepUnfinished } from './data.ts';
import { queryStatus, runsOn, use } from './running.ts';

export type EmbeddedPostgres = {
  /** The owner's connection string. */
  readonly url: string;
  readonly pid: number;
  readonly port: number;
  readonly dataDir: string;
  /** Resolves when the server has ended, by whatever cause. */
  readonly ended: Promise<void>;
  /** An orderly shutdown; a server that another process of the bank still uses is left to that one. */
  stop(): Promise<void>;
  /** Ends it at once, whoever uses it; the next start recovers. */
  kill(): void;
};

/** What differs from PostgreSQL's own defaults; fsync and synchronous_commit stay on. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '256MB',
  // Fewer checkpoints under load: each makes every page it touches once more as long in the log.
  max_wal_size: '2GB',
  max_connections: '200',
  // The details of an error repeat the values of rows.
  log_error_verbosity: 'terse',
};

const startWithinMs = 60_000;
const stopWithinMs = 60_000;
const retryWithinMs = 15_000;
const watchMs = 500;

export type StartPostgresOptions = {
  readonly stateDir: string;
  readonly port?: number;
  /** Where the write-ahead log is archived; once it was, it has to be at every start. */
  readonly walArchive?: string | undefined;
  /** How long it may recover before it answers. */
  readonly withinMs?: number;
};

/** Starts the server on the data of this state folder, on this or a free port of the loopback. Throws `Failure`. */
export async function startPostgres(options: StartPostgresOptions): Promise<EmbeddedPostgres> {
  const account = unprivilegedAccount();
  const home = homeFor(options.stateDir, account);
  const native = findBinaries(home, account);
  const data = ensureData(native, home, account);
  const { withinMs = startWithinMs } = options;
  const log = join(options.stateDir, 'postgres.log');
  const startedAt = performance.now();
  for (;;) {
    const running = await adopt(data);
    if (running !== undefined) return running;
    sweepUnfinished(home);
    const port = options.port ?? (await freePort());
    const logged = existsSync(log) ? statSync(log).size : 0;
    const archiving = archiveSettings(data, options.walArchive);
    const child = launch({ native, data, log, settings: { ...settings, ...archiving, port: String(port) } });
    const state = { ended: false };
    child.on('error', () => (state.ended = true));
    child.on('exit', () => (state.ended = true));
    while (!state.ended && performance.now() - startedAt < withinMs) {
      if ((await queryStatus(urlOf(data, port))) === 'answers')
        return serverAt(data, { port, pid: child.pid as number });
      await sleep(50);
    }
    // Processes of a server that was killed hold its memory until they have noticed, which on a busy machine takes a
    // while, and somebody else may have started it at the same time: then it is worth trying again.
    const retriedMs = memoryWasInUse(log, logged) ? withinMs : existsSync(lockFileOf(data)) ? retryWithinMs : 0;
    if (performance.now() - startedAt >= retriedMs)
      throw new Failure(`PostgreSQL does not start: see the end of ${log}.`);
    await sleep(200);
  }
}

/** As PostgreSQL itself says after the first `from` bytes of its log. */
const memoryWasInUse = (log: string, from: number): boolean =>
  readFileSync(log).subarray(from).includes('pre-existing shared memory block');

function launch(how: {
  readonly native: string;
  readonly data: Data;
  readonly log: string;
  readonly settings: Readonly<Record<string, string>>;
}): ChildProcess {
  const { native, data, log } = how;
  const options = Object.entries(how.settings).flatMap(([key, value]) => ['-c', `${key}=${value}`]);
  const output = openSync(log, 'a', 0o600);
  // A process group of its own: Ctrl-C is for the supervisor, which stops the database last.
  const child = spawn(join(native, 'bin', 'postgres'), ['-D', data.dataDir, ...options], {
    ...data.account,
    cwd: data.dataDir,
    detached: true,
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'] },
  });
  closeSync(output);
  child.unref();
  return child;
}

/** The server a crash left behind, if it still runs on this data; waits while it starts, recovers or ends. */
async function adopt(data: Data): Promise<EmbeddedPostgres | undefined> {
  const lockFile = lockFileOf(data);
  const until = performance.now() + startWithinMs;
  for (let found = readLockFile(lockFile); found !== undefined; found = readLockFile(lockFile)) {
    if (!runsOn(found.pid, data.dataDir)) {
      // PostgreSQL looks only at whether a process of this number is alive, and this one is not PostgreSQL.
      rmSync(lockFile, { force: true });
      return undefined;
    }
    const answer = await queryStatus(urlOf(data, found.port));
    if (answer === 'answers') return serverAt(data, found);
    if (answer === 'stranger' || performance.now() > until) {
      throw new Failure(
        `Process ${String(found.pid)} uses the data in ${data.dataDir} but does not answer as its PostgreSQL: stop that process.`,
      );
    }
    await sleep(100);
  }
  return undefined;
}

const lockFileOf = ({ dataDir }: Data): string => join(dataDir, 'postmaster.pid');

const urlOf = ({ password }: Data, port: number): string =>
  `postgres://postgres:${password}@127.0.0.1:${String(port)}/postgres`;

type Listening = { readonly pid: number; readonly port: number };

function readLockFile(path: string): Listening | undefined {
  try {
    const [pid, , , port] = readFileSync(path, 'utf8').split('\n');
    return { pid: Number(pid), port: Number(port) };
  } catch {
    return undefined;
  }
}

async function serverAt(data: Data, { pid, port }: Listening): Promise<EmbeddedPostgres> {
  const { dataDir } = data;
  const url = urlOf(data, port);
  const ours = await use(url);
  const isAlive = (): boolean => runsOn(pid, dataDir);
  return {
    url,
    pid,
    port,
    dataDir,
    ended: (async () => {
      while (isAlive()) await sleep(watchMs, undefined, { ref: false });
    })(),
    async stop() {
      if (!(await ours.leave())) return;
      const until = performance.now() + stopWithinMs;
      // SIGINT is PostgreSQL's "fast": no new sessions, the open ones are ended, the data is written out.
      if (isAlive()) process.kill(pid, 'SIGINT');
      while (isAlive() && performance.now() < until) await sleep(20);
    },
    kill() {
      if (isAlive()) process.kill(pid, 'SIGQUIT');
    },
  };
}
