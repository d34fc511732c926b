/** Measures d and e: the same bank over HTTPS, one command a request and a thousand transfers a request. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../../operations/src/free-port.ts';
import { ensureCertificates } from '../../operations/src/certificates/ensure.ts';
import { postgresPinAuthenticator } from '../../server/src/access/pin-authenticator.ts';
import { postgresSessions } from '../../server/src/access/postgres-sessions.ts';
import { newToken } from '../../server/src/access/tokens.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import { ensureFirstStaff } from '../../server/src/staff/first-staff.ts';
import { postgresStaffSessions } from '../../server/src/access/postgres-sessions.ts';
import type { BankConfig } from '../bank.ts';
import { project, startProgram, startProjector } from '../bank.ts';
import type { Candidate } from '../benchmark.ts';
import { benchmark } from '../benchmark.ts';
import { serverPool } from '../databases.ts';
import type { Kind, Target, Task } from '../https-load.ts';
import type { Round } from '../load.ts';
import { seedAccounts } from '../seed.ts';
import type { Part, Run } from './part.ts';

const accounts = 10_000;
const sessions = 64;
const pin = '2527';

export async function singleCommands(run: Run): Promise<Part> {
  const figures = await overHttps(run, 'd', [
    { kind: 'empty route', callers: 1 },
    { kind: 'transfer', callers: 1 },
    { kind: 'empty route', callers: 64 },
    { kind: 'balance', callers: 64 },
    { kind: 'deposit', callers: 64 },
    { kind: 'transfer', callers: 64 },
  ]);
  return {
    title: 'Single calls over HTTPS, the load in a process of its own',
    unit: 'requests',
    figures,
    peers: ['empty route'],
    notes: ['the empty route is GET /health/live: the same server, headers, log and metrics, and nothing behind them'],
  };
}

export async function batchCall(run: Run): Promise<Part> {
  const figures = await overHttps(run, 'e', [
    { kind: 'batch', callers: 1 },
    { kind: 'batch', callers: 4 },
  ]);
  return {
    title: 'The batch call over HTTPS, 1,000 transfers a request',
    unit: 'transfers',
    figures,
    peers: [],
    notes: ['latencies are those of a whole batch'],
  };
}

async function overHttps(
  { databases, stateDir, pace, progress }: Run,
  name: string,
  loads: readonly { readonly kind: Kind; readonly callers: number }[],
): ReturnType<typeof benchmark> {
  progress(`opening ${accounts.toLocaleString('en')} accounts and starting the server`);
  const config = { databaseUrl: await databases.bank(`${name}_bank`), stateDir: join(stateDir, name) };
  await project(config, await seedAccounts(config, accounts));
  const certsDir = join(stateDir, 'certs');
  await ensureCertificates(certsDir, Date.now());
  const port = String(await freePort());
  const target: Target = {
    origin: `https://localhost:${port}`,
    ca: await readFile(join(certsDir, 'ca.crt'), 'utf8'),
    accounts,
    ...(await logIns(config)),
  };
  const projector = await startProjector(config);
  const settings = { PORT: port, CERTS_DIR: certsDir, TERMINALS: 'demo', CASH_DAY_LIMIT: '1000000000.00' };
  const server = await startProgram('server/src/main.ts', config, settings);
  const load = fork(fileURLToPath(new URL('../https-load.ts', import.meta.url)));
  load.send(target);
  const loadEnded = once(load, 'exit').then(() => {
    throw new Error('the load process ended');
  });
  // Awaited only while a round is under way.
  loadEnded.catch(() => undefined);
  const candidates = loads.map(({ kind, callers }): Candidate => ({
    name: kind,
    callers,
    async round(forMs) {
      load.send({ kind, callers, forMs } satisfies Task);
      const [round] = (await Promise.race([once(load, 'message'), loadEnded])) as [Round];
      return round;
    },
  }));
  try {
    return await benchmark(candidates, pace, progress);
  } finally {
    load.kill();
    await server.stop();
    await projector.stop();
  }
}

/** Sessions as a log-in makes them, without the log-in's deliberate slowness. */
async function logIns({
  databaseUrl,
  stateDir,
}: BankConfig): Promise<Pick<Target, 'customerTokens' | 'pin' | 'operatorToken'>> {
  const { pinKey } = await loadSecrets(stateDir, databaseUrl);
  const pool = serverPool(databaseUrl, 4);
  const pins = postgresPinAuthenticator({ pool, pinKey });
  const customers = postgresSessions({ pool });
  const customerTokens = Array.from({ length: sessions }, newToken);
  // A session whose account has no PIN is none.
  await pins.enrolMany(customerTokens.map((_token, index) => ({ account: String(index + 1), pin })));
  await Promise.all(
    customerTokens.map((token, index) => {
      const account = String(index + 1);
      const pinDigest = pins.sessionDigest(account, token, pin);
      return customers.begin({
        ...{ account, token, pinDigest },
        ...{ pinPosition: 0, terminal: 'desk', mustChangePin: false },
      });
    }),
  );
  const staff = await ensureFirstStaff(databaseUrl);
  const { token: operatorToken } = await postgresStaffSessions({ pool }).begin(staff?.username ?? '');
  await pool.end();
  return { customerTokens, pin, operatorToken };
}
