/** The bank's own PostgreSQL: made, stopped, taken over, killed and recovered, and never mistaken for somebody else's. */
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { EmbeddedPostgres } from '../src/embedded-postgres/start-postgres.ts';
import { startPostgres } from '../src/embedded-postgres/start-postgres.ts';

let stateDir: string;
let started: EmbeddedPostgres[];

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-postgres-'));
  // PostgreSQL may run as another account than the caller.
  chmodSync(stateDir, 0o755);
  started = [];
});

afterEach(async () => {
  for (const server of started) await server.stop();
  rmSync(stateDir, { recursive: true, force: true });
});

async function start(port?: number): Promise<EmbeddedPostgres> {
  const server = await startPostgres({ stateDir, ...(port === undefined ? {} : { port }) });
  started.push(server);
  return server;
}

async function query(server: EmbeddedPostgres, text: string): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number): boolean => existsSync(`/proc/${String(pid)}`);

test('what was written is there after a stop and a start, and what the bank needs is set', async () => {
  const first = await start();
  await query(first, 'create table saved as select 42 as answer');
  await first.stop();
  await first.ended;
  const second = await start();
  expect(await query(second, 'select answer from saved')).toEqual([{ answer: 42 }]);
  const settings = await query(
    second,
    `select string_agg(name || '=' || setting, ' ' order by name) as set from pg_settings
     where name in ('fsync', 'synchronous_commit', 'listen_addresses', 'server_encoding')`,
  );
  expect(settings).toEqual([{ set: 'fsync=on listen_addresses=127.0.0.1 server_encoding=UTF8 synchronous_commit=on' }]);
});

test('nobody gets in without the password', async () => {
  const server = await start();
  const url = new URL(server.url);
  url.password = 'wrong';
  await expect(new pg.Client({ connectionString: url.href }).connect()).rejects.toMatchObject({ code: '28P01' });
});

test('a second process uses the same server, and the last one out stops it', async () => {
  const first = await start();
  const second = await start();
  expect(second.pid).toBe(first.pid);
  await first.stop();
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
  await second.stop();
  await second.ended;
  expect(isAlive(first.pid)).toBe(false);
});

test('killed, it comes back with what was committed, on the port it had', async () => {
  const first = await start();
  await query(first, 'create table saved as select 42 as answer');
  process.kill(first.pid, 'SIGKILL');
  await first.ended;
  const second = await start(first.port);
  expect(second.port).toBe(first.port);
  expect(second.pid).not.toBe(first.pid);
  expect(await query(second, 'select answer from saved')).toEqual([{ answer: 42 }]);
});

test('a lock file that names another program, and what a first start left half made, are no obstacle', async () => {
  const first = await start();
  await first.stop();
  await first.ended;
  writeFileSync(join(first.dataDir, 'postmaster.pid'), `${String(process.pid)}\n${first.dataDir}\n1\n5432\n`);
  const halfMade = join(dirname(first.dataDir), 'postgres.making-abc');
  mkdirSync(halfMade);
  const second = await start();
  expect(await query(second, 'select 1 as one')).toEqual([{ one: 1 }]);
  expect(existsSync(halfMade)).toBe(false);
});

test('three that start at the same moment share one server', async () => {
  const servers = await Promise.all([start(), start(), start()]);
  await sleep(0);
  expect(new Set(servers.map(({ pid }) => pid)).size).toBe(1);
});

test('data that is not the bank’s own is rejected with a sentence', async () => {
  const server = await start();
  await server.stop();
  await server.ended;
  rmSync(join(server.dataDir, 'grand-livre.password'));
  await expect(start()).rejects.toThrow(/is no database of this bank \(grand-livre\.password is missing or closed\)/);
  expect(readFileSync(join(server.dataDir, 'PG_VERSION'), 'utf8').trim()).toBe('18');
});

test('the archive of the log is written, and a start that would leave a gap in it is rejected', async () => {
  const walArchive = join(stateDir, 'wal');
  const first = await startPostgres({ stateDir, walArchive });
  started.push(first);
  await query(first, 'create table saved as select 42 as answer');
  await first.stop();
  await first.ended;
  expect(readdirSync(walArchive)).toContain('000000010000000000000001');
  await expect(start()).rejects.toThrow(/^The write-ahead log of this bank is archived in \S+\/wal: set WAL_ARCHIVE/);
});

test('a server whose processes hold its memory after it was killed is started again once they have gone', async () => {
  const server = await start();
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const backend = rows[0]?.pid ?? 0;
  // It cannot notice that its parent has gone.
  process.kill(backend, 'SIGSTOP');
  process.kill(server.pid, 'SIGKILL');
  await server.ended;
  const again = start(server.port);
  await expect
    .poll(() => readFileSync(join(stateDir, 'postgres.log'), 'utf8'))
    .toContain('pre-existing shared memory block');
  process.kill(backend, 'SIGCONT');
  expect(await query(await again, 'select 1 as one')).toEqual([{ one: 1 }]);
});
