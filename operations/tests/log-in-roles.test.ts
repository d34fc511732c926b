/** Server and projector connect with their own rights: from their connections nobody becomes the owner, and no other role is taken. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Failure } from '../../ledger/src/failure.ts';
import { assertLimitedRole } from '../../ledger/src/limited-role.ts';
import { projectorConnection } from '../../projections/src/connection.ts';
import { serverConnection } from '../../server/src/connections.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { LogIns } from '../src/log-in-roles.ts';
import { ensureLogIns, environmentsOf } from '../src/log-in-roles.ts';

const made = { serverDatabaseUrl: undefined, projectorDatabaseUrl: undefined };

let database: TestDatabase;
let stateDir: string;
let logIns: LogIns;
const clients: pg.Client[] = [];
beforeAll(async () => {
  database = await createDatabase();
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-roles-'));
  logIns = await ensureLogIns(database.url, { stateDir, ...made });
});
afterEach(async () => {
  for (const client of clients.splice(0)) await client.end();
});
afterAll(async () => {
  const owner = await connect({ connectionString: database.url });
  for (const url of Object.values(logIns)) await owner.query(`drop role ${new URL(url).username}`);
  await owner.end();
  clients.length = 0;
  await database.drop();
  rmSync(stateDir, { recursive: true });
});

async function connect(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  clients.push(client);
  return client;
}

describe.each(['server', 'projector'] as const)('the %s’s connection', (program) => {
  const open = (): Promise<pg.Client> =>
    connect(
      program === 'server' ? serverConnection(logIns.server, 'server') : projectorConnection(logIns.projector, 'read'),
    );

  test.each([
    `set session_replication_role = 'replica'`,
    'alter table journal.events disable trigger append_only',
    'alter table journal.identity disable trigger all',
    'drop trigger append_only on journal.events',
    `copy (select 1) to program 'cat'`,
    `copy journal.events from program 'id'`,
    `copy (select 1) to '/tmp/grand-livre-roles'`,
    `select pg_read_file('/etc/passwd')`,
    'set session authorization postgres',
    'create role another superuser',
    'create table journal.more ()',
    'alter system set fsync = off',
    `create function f() returns void language c as 'x', 'y'`,
  ])('rejects: %s', async (sql) => {
    const client = await open();
    await client.query('reset role');
    await expect(client.query(sql)).rejects.toThrow(
      /permission denied|must be owner|must be superuser|only roles with/i,
    );
  });

  test('does not become the owner, nor the other program', async () => {
    const owner = await connect({ connectionString: database.url });
    const { rows } = await owner.query<{ name: string }>('select session_user as name');
    const client = await open();
    const other = program === 'server' ? 'grandlivre_projector' : 'grandlivre_server';
    for (const role of [rows[0]?.name ?? '', other]) {
      await expect(client.query(`set role ${role}`)).rejects.toThrow('permission denied to set role');
    }
  });

  test('is all that its process needs, and nothing that the owner’s would be', async () => {
    const client = await open();
    await client.query('select * from journal.events, read.checkpoint');
    await assertLimitedRole(logIns[program], 'SETTING');
    await expect(assertLimitedRole(database.url, 'SETTING')).rejects.toThrow(Failure);
  });
});

test('made again, the roles and passwords stay; with the files gone they get new ones', async () => {
  expect(await ensureLogIns(database.url, { stateDir, ...made })).toEqual(logIns);
  for (const name of ['server-database-url', 'projector-database-url']) {
    expect(statSync(join(stateDir, 'secrets', name)).mode & 0o777).toBe(0o600);
    rmSync(join(stateDir, 'secrets', name));
  }
  const before = logIns;
  logIns = await ensureLogIns(database.url, { stateDir, ...made });
  expect(new URL(logIns.server).password).not.toBe(new URL(before.server).password);
  expect(readFileSync(join(stateDir, 'secrets', 'server-database-url'), 'utf8')).toBe(logIns.server);
  await connect({ connectionString: logIns.server });
  await expect(new pg.Client({ connectionString: before.server }).connect()).rejects.toMatchObject({ code: '28P01' });
});

test('however many start at once get the same', async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => ensureLogIns(database.url, { stateDir, ...made })));
  expect(new Set(all.map((one) => JSON.stringify(one))).size).toBe(1);
});

test('those that are given are taken as they are', async () => {
  const given = {
    serverDatabaseUrl: 'postgres://s@host/bank',
    projectorDatabaseUrl: 'postgres://p@host/bank',
    signerDatabaseUrl: 'postgres://l@host/bank',
  };
  expect(await ensureLogIns(database.url, { stateDir, ...given })).toEqual({
    server: given.serverDatabaseUrl,
    projector: given.projectorDatabaseUrl,
    signer: given.signerDatabaseUrl,
  });
});

test('no process has the owner’s address in its environment, nor the other’s', () => {
  const given = {
    PATH: '/bin',
    DATABASE_URL: database.url,
    DATABASE_URL_FILE: '/secrets/owner',
    PROJECTOR_DATABASE_URL: 'x',
    LOG_SIGNING_KEY: 'k',
  };
  expect(environmentsOf(given, logIns)).toEqual({
    server: { PATH: '/bin', SERVER_DATABASE_URL: logIns.server },
    projector: { PATH: '/bin', PROJECTOR_DATABASE_URL: logIns.projector },
    signer: { PATH: '/bin', LOG_SIGNING_KEY: 'k', SIGNER_DATABASE_URL: logIns.signer },
  });
});

test.each([
  ['server/src/main.ts', 'SERVER_DATABASE_URL'],
  ['projections/src/main.ts', 'PROJECTOR_DATABASE_URL'],
  ['operations/src/signer/main.ts', 'SIGNER_DATABASE_URL'],
])('%s does not start with the owner’s role', async (path, name) => {
  const child = fork(fileURLToPath(new URL(`../../${path}`, import.meta.url)), {
    silent: true,
    env: { PATH: process.env['PATH'], STATE_DIR: stateDir, LOG_LEVEL: 'silent', [name]: database.url },
  });
  let said = '';
  child.stderr?.on('data', (data: Buffer) => (said += data.toString()));
  expect((await once(child, 'exit'))[0]).toBe(1);
  expect(said).toContain(`${name} connects as `);
});
