/** SIGKILL under load, of the server and of PostgreSQL: nothing acknowledged is missing, nothing is doubled. */
import type { ChildProcess } from 'node:child_process';
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { fold } from '../../ledger/tests/simulation/history.ts';
import { readModel } from '../../projections/src/postgres-read-model.ts';
import { freePort } from '../../operations/src/free-port.ts';
import type { LogIns } from '../../operations/src/log-in-roles.ts';
import { ensureLogIns } from '../../operations/src/log-in-roles.ts';
import { migrate } from '../../operations/src/migrate.ts';
import { loadSecrets } from '../src/secrets.ts';
import type { EmbeddedPostgres } from '../../operations/src/embedded-postgres/start-postgres.ts';
import { startPostgres } from '../../operations/src/embedded-postgres/start-postgres.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import { openAccount } from '../../api/src/calls/accounts.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { person } from './support/bank.ts';
import type { Authority } from './support/certificates.ts';
import { authority } from './support/certificates.ts';
import type { Client, Reply } from './support/client.ts';
import { connect } from './support/client.ts';

const { pin } = person;
const customers = 12;
const kills = 3;
const eventLog = testEventLog();
let stateDir: string;
let issued: Authority;
let postgres: EmbeddedPostgres;
let port: number;
let server: ChildProcess;
let projector: ChildProcess;
let logIns: LogIns;
let client: Client;

function startProgram(path: string): ChildProcess {
  return fork(new URL(path, import.meta.url), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: {
      ...process.env,
      SERVER_DATABASE_URL: logIns.server,
      PROJECTOR_DATABASE_URL: logIns.projector,
      TERMINALS: 'demo',
      CASH_DAY_LIMIT: '1000000000.00',
      PORT: String(port),
      HOST: 'localhost',
      CERTS_DIR: stateDir,
      STATE_DIR: stateDir,
      LOG_LEVEL: 'silent',
      EVENT_LOG_URL: eventLog.eventLogUrl ?? '',
      LEDGER: eventLog.ledger,
    },
  });
}
const ended = (child: ChildProcess): Promise<unknown> =>
  child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve();

beforeAll(async () => {
  stateDir = await mkdtemp(join(tmpdir(), 'grand-livre-crash-'));
  await chmod(stateDir, 0o755);
  issued = await authority(stateDir);
  port = await freePort();
  postgres = await startPostgres({ stateDir });
  await migrate(postgres.url);
  logIns = await ensureLogIns(postgres.url, {
    ...{ stateDir, serverDatabaseUrl: undefined, projectorDatabaseUrl: undefined },
  });
  await loadSecrets(stateDir, logIns.server);
  projector = startProgram('../../projections/src/main.ts');
  server = startProgram('../src/main.ts');
  await Promise.all([once(projector, 'message'), once(server, 'message')]);
  client = connect(port, { ca: issued.ca });
});
afterAll(async () => {
  await client.close();
  for (const child of [server, projector]) {
    child.kill('SIGTERM');
    await ended(child);
  }
  await postgres.stop();
  await rm(stateDir, { recursive: true, force: true });
});

type Answered = { readonly key: string; readonly account: string; readonly reply: Reply };

/** Sends a command until it is answered, always under the same key: no answer is no news. */
async function untilAnswered(send: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 0; attempt < 600; attempt++) {
    try {
      const reply = await send();
      if (reply.status !== 503 && reply.status !== 500) return reply;
    } catch {
      // The line broke before the answer: whether it was carried out is not known.
    }
    await sleep(50);
  }
  throw new Error('the bank never came back');
}

type Person = { readonly account: string; readonly token: string };

async function openBank(): Promise<readonly Person[]> {
  const people: Person[] = [];
  for (let n = 0; n < customers; n++) {
    const { accountNumber } = (await client.call(openAccount, { body: person })).body;
    const { token } = (await client.call(logIn, { body: { accountNumber, pin } })).body;
    await client.call(deposit, { token, body: { amount: '1000', pin } });
    people.push({ account: accountNumber, token });
  }
  return people;
}

/**
 * Everybody moves money without a pause while `disturb` does its worst; gives every answer. `more` waits until so many
 * more commands are answered, so that a slow machine is disturbed at work as well.
 */
async function underLoad(
  name: string,
  disturb: (more: (count: number) => Promise<void>) => Promise<void>,
): Promise<readonly Answered[]> {
  const people = await openBank();
  const answers: Answered[] = [];
  let over = false;
  const move = async ({ account, token }: Person, index: number): Promise<void> => {
    for (let n = 0; !over; n++) {
      const key = `${name}-${account}-${String(n)}`;
      const to = people[(index + 1 + (n % (people.length - 1))) % people.length]?.account;
      const body = { amount: `${String((n % 90) + 1)}.01`, pin };
      const reply = await untilAnswered(() => {
        if (n % 3 === 0) return client.call(deposit, { token, key, body });
        if (n % 3 === 1) return client.call(withdraw, { token, key, body });
        return client.call(transfer, { token, key, body: { ...body, to } });
      });
      answers.push({ key, account, reply });
    }
  };
  const load = Promise.all(people.map(move));
  await disturb(async (count) => {
    const enough = answers.length + count;
    await expect.poll(() => answers.length, { timeout: 60_000 }).toBeGreaterThanOrEqual(enough);
  });
  over = true;
  await load;
  return answers;
}

async function journal(): Promise<readonly Recorded[]> {
  const pool = new pg.Pool({ connectionString: postgres.url });
  const opened = openJournal(eventLog, pool);
  try {
    return (await opened.read({ from: 1, limit: 1_000_000 })).map(decode);
  } finally {
    await opened.close();
    await pool.end();
  }
}

async function expectNothingLostOrDoubled(answers: readonly Answered[]): Promise<void> {
  const recorded = await journal();
  const accounts = fold(recorded);
  const byCommand = new Map<string, string[]>();
  for (const { id, metadata } of recorded) {
    byCommand.set(metadata.commandId, [...(byCommand.get(metadata.commandId) ?? []), id]);
  }
  const accepted = answers.filter(({ reply }) => reply.status === 201);
  expect(accepted.length).toBeGreaterThan(50);
  for (const { key, account, reply } of answers) {
    const ids = byCommand.get(`account:${account}:${key}`) ?? [];
    const declined = recorded.filter(({ id, event }) => event.type === 'CommandDeclined' && ids.includes(id));
    if (reply.status === 201) expect(ids).toEqual([(reply.body as { operationId?: string }).operationId]);
    else expect(ids, JSON.stringify(reply.body)).toEqual(declined.map(({ id }) => id));
    expect(ids.length).toBeLessThanOrEqual(1);
  }
  const pool = new pg.Pool({ connectionString: postgres.url });
  const read = readModel({ pool });
  try {
    expect(await read.waitFor(recorded.length, 20_000)).toBe(true);
    for (const { account, balance, version } of accounts.values()) {
      expect(await read.account(account)).toMatchObject({ balance, version });
    }
    expect((await read.trialBalance()).total).toBe(0n);
  } finally {
    read.close();
    await pool.end();
  }
}

test('the server is killed under load', { timeout: 120_000, retry: 0 }, async () => {
  const answers = await underLoad('server', async (more) => {
    for (let n = 0; n < kills; n++) {
      await sleep(600 + n * 150);
      server.kill('SIGKILL');
      await ended(server);
      server = startProgram('../src/main.ts');
      await once(server, 'message');
    }
    await more(100);
  });
  await expectNothingLostOrDoubled(answers);
});

test('PostgreSQL is killed under load', { timeout: 120_000, retry: 0 }, async () => {
  const answers = await underLoad('postgres', async (more) => {
    for (let n = 0; n < kills; n++) {
      await sleep(600 + n * 150);
      process.kill(postgres.pid, 'SIGKILL');
      await postgres.ended;
      postgres = await startPostgres({ stateDir, port: postgres.port });
    }
    await more(100);
  });
  expect([server.exitCode, projector.exitCode]).toEqual([null, null]);
  await expectNothingLostOrDoubled(answers);
});
