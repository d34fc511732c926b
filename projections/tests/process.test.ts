/** The projector as a process: ready, killed, taken over, ended in order. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { readModel } from '../src/postgres-read-model.ts';
import { progress } from '../src/queries/progress.ts';
import type { TestBank } from './bank.ts';
import { testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { eventually, readModelDatabase } from './read-model-database.ts';

let database: ReadModelDatabase;
let stateDir: string;
let bank: TestBank;
const children: ChildProcess[] = [];

beforeEach(async () => {
  database = await readModelDatabase();
  stateDir = await mkdtemp(join(tmpdir(), 'projector-'));
  const masterKeys = masterKeyFiles(stateDir);
  await masterKeys.make(1);
  const vault = postgresVault({ pool: database.pool, masterKeys });
  bank = testBank();
  const customer = await vault.seal({
    firstName: 'Béla',
    lastName: 'Deux',
    address: '2 rue Basse',
    postalCode: '10000',
    city: 'Troyes',
  });
  bank.do({ type: 'OpenAccount', customer, accountType: 'current', currency: 'EUR', floor: 0n });
  await database.write(bank);
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await database.drop();
  await rm(stateDir, { recursive: true });
});

type Started = { readonly child: ChildProcess; readonly output: () => string };

async function start(env: NodeJS.ProcessEnv = {}): Promise<Started> {
  const child = fork(fileURLToPath(new URL('../src/main.ts', import.meta.url)), {
    env: {
      PATH: process.env['PATH'],
      PROJECTOR_DATABASE_URL: database.logIns.projector,
      STATE_DIR: stateDir,
      EVENT_LOG_URL: database.eventLog.eventLogUrl ?? '',
      LEDGER: database.eventLog.ledger,
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    execArgv: [],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (data: Buffer) => (text += data.toString()));
  await Promise.race([once(child, 'message'), once(child, 'close')]);
  return { child, output: () => text };
}

async function deposit(): Promise<void> {
  bank.deposit('1', 100n);
  await database.write(bank);
  await database.caughtUp();
}

test('decrypts customer names with the vault, logs none of them, and ends in order', async () => {
  const { child, output } = await start();
  await deposit();
  const known = readModel({ pool: database.pool });
  expect(await known.account('1')).toMatchObject({ balance: 100n, holder: { firstName: 'Béla', lastName: 'Deux' } });
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(output()).toContain('the projector works');
  expect(output()).not.toMatch(/Béla|Deux/);
});

test('when it is killed, the standby takes over', async () => {
  const first = await start();
  const second = await start();
  await deposit();
  expect(second.output()).toContain('another projector works');
  first.child.kill('SIGKILL');
  await deposit();
  await eventually(() => second.output().includes('the projector works'));
});

test('ends when its supervisor is gone', async () => {
  const { child } = await start();
  child.disconnect();
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('stays alive but idle when the journal does not fit, with the reason in the database', async () => {
  await database.pool.query('update read.checkpoint set position = 9');
  const { child, output } = await start();
  await eventually(() => output().includes('the projector stops'));
  expect((await progress(database.pool)).halted).toContain('the journal ends at 2');
  child.kill('SIGTERM');
  expect(await once(child, 'close')).toEqual([0, null]);
});

test.each([
  [{ PROJECTOR_DATABASE_URL: '' }, 'PROJECTOR_DATABASE_URL is not set'],
  [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is "loud"'],
  [{ STATE_DIR: '/dev/null' }, 'secrets/master.key is missing or cannot be read'],
])('reports a wrong configuration in one sentence: %o', async (env, sentence) => {
  const { child, output } = await start(env);
  expect(child.exitCode).toBe(1);
  expect(output()).toContain(sentence);
  expect(output().trim().split('\n')).toHaveLength(1);
});
