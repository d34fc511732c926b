/** The bank's own PostgreSQL: made at the first start, taken over when a crash left it running, stopped in order. */
import { spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Failure } from '../failure.ts';
import type { Account } from './binaries.ts';
import { findBinaries, isCode, reachable, unprivilegedAccount } from './binaries.ts';

export type EmbeddedPostgres = {
  /** The owner's connection string. */
  readonly url: string;
  readonly pid: number;
  readonly dataDir: string;
  /** A fast, orderly shutdown. */
  stop(): Promise<void>;
};

/** What differs from PostgreSQL's own defaults; fsync and synchronous_commit stay on. */
const settings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '256MB',
  // Fewer checkpoints under load: each makes every page it touches once more as long in the log.
  max_wal_size: '2GB',
  max_connections: '200',
};

const startWithinMs = 60_000;
const stopWithinMs = 60_000;

/** Starts the server on the data in `<stateDir>/postgres`, on a free port of the loopback. Throws `Failure`. */
export async function startPostgres({ stateDir }: { readonly stateDir: string }): Promise<EmbeddedPostgres> {
  const account = unprivilegedAccount();
  const native = findBinaries(account);
  const dataDir = reachable(join(stateDir, 'postgres'), account);
  const password = readPassword(join(stateDir, 'postgres.password'));
  if (!existsSync(join(dataDir, 'PG_VERSION'))) initialise(native, dataDir, password, account);

  const running = await adopt(dataDir, password);
  if (running !== undefined) return running;
  const port = await freePort();
  const log = openSync(join(stateDir, 'postgres.log'), 'a', 0o600);
  const options = Object.entries({ ...settings, port: String(port) }).flatMap(([key, value]) => [
    '-c',
    `${key}=${value}`,
  ]);
  // A process group of its own: Ctrl-C is for the supervisor, which stops the database last.
  const child = spawn(join(native, 'bin', 'postgres'), ['-D', dataDir, ...options], {
    ...account,
    cwd: dataDir,
    detached: true,
    stdio: ['ignore', log, log],
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  });
  let failed: string | undefined;
  child.on('error', (error) => (failed = error.message));
  child.on('exit', (code) => (failed = `it ended with code ${String(code)}`));
  child.unref();
  const server = at({ port, pid: child.pid ?? 0, dataDir, password });
  const until = performance.now() + startWithinMs;
  while (!(await answers(server.url))) {
    if (failed !== undefined || performance.now() > until) {
      throw new Failure(
        `PostgreSQL did not start (${failed ?? 'it does not answer'}): see ${join(stateDir, 'postgres.log')}.`,
      );
    }
    await sleep(50);
  }
  return server;
}

/** The server a crash left behind, if it still runs on this data; waits while it starts or recovers. */
async function adopt(dataDir: string, password: string): Promise<EmbeddedPostgres | undefined> {
  const lockFile = join(dataDir, 'postmaster.pid');
  const until = performance.now() + startWithinMs;
  while (existsSync(lockFile)) {
    const [pidLine, , , portLine] = readFileSync(lockFile, 'utf8').split('\n');
    const pid = Number(pidLine);
    if (!isAlive(pid)) {
      rmSync(lockFile, { force: true });
      return undefined;
    }
    const server = at({ port: Number(portLine), pid, dataDir, password });
    if (await answers(server.url)) return server;
    if (performance.now() > until) {
      throw new Failure(
        `Process ${String(pid)} seems to use the data in ${dataDir} but does not answer as its PostgreSQL: stop it, or delete ${lockFile} if it is another program.`,
      );
    }
    await sleep(100);
  }
  return undefined;
}

function at(place: { port: number; pid: number; dataDir: string; password: string }): EmbeddedPostgres {
  const { port, pid, dataDir, password } = place;
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${String(port)}/postgres`,
    pid,
    dataDir,
    async stop() {
      const until = performance.now() + stopWithinMs;
      // SIGINT is PostgreSQL's "fast": no new sessions, the open ones are ended, the data is written out.
      if (isAlive(pid)) process.kill(pid, 'SIGINT');
      while (isAlive(pid) && performance.now() < until) await sleep(20);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return isCode(error, 'EPERM');
  }
  // A child of ours that has ended and was not waited for yet still takes signals.
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${String(pid)}/status`, 'utf8'));
  } catch {
    return process.platform !== 'linux';
  }
}

async function answers(connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

function initialise(native: string, dataDir: string, password: string, account: Account | undefined): void {
  rmSync(dataDir, { recursive: true, force: true });
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  for (
    let folder = dirname(dataDir);
    account !== undefined && folder.startsWith('/var/lib/grand-livre');
    folder = dirname(folder)
  ) {
    chmodSync(folder, 0o755);
  }
  const passwordFile = `${dataDir}.password`;
  writeFileSync(passwordFile, password, { mode: 0o600 });
  if (account !== undefined) {
    chownSync(dataDir, account.uid, account.gid);
    chownSync(passwordFile, account.uid, account.gid);
  }
  const arguments_ = ['-D', dataDir, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`];
  const made = spawnSync(join(native, 'bin', 'initdb'), [...arguments_, '-E', 'UTF8', '--locale=C.UTF-8', '-k'], {
    ...account,
    cwd: dirname(dataDir),
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], LC_ALL: 'C.UTF-8' },
  });
  rmSync(passwordFile, { force: true });
  if (made.status !== 0) {
    rmSync(dataDir, { recursive: true, force: true });
    const reason = made.error?.message ?? made.stderr.trim().split('\n').at(-1) ?? 'no reason given';
    throw new Failure(`PostgreSQL's data could not be made in ${dataDir}: ${reason}`);
  }
}

function readPassword(path: string): string {
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('hex'), { mode: 0o600 });
  return readFileSync(path, 'utf8').trim();
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => {
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
  });
}
