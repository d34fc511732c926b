/** Measures d and e: the same bank over HTTPS, one command a request and a thousand transfers a request. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCertificates } from '../../scripts/certs/ensure.ts';
import { postgresPinGate } from '../../server/src/access/pin-gate.ts';
import { postgresSessions } from '../../server/src/access/sessions.ts';
import { newToken } from '../../server/src/access/tokens.ts';
import { loadSecrets } from '../../server/src/secrets.ts';
import { ensureFirstStaff } from '../../server/src/staff/first-staff.ts';
import { postgresStaffSessions } from '../../server/src/staff/staff-sessions.ts';
import type { Place } from '../bank.ts';
import { project, startProgram, startProjector } from '../bank.ts';
import type { Contender } from '../contest.ts';
import { contest } from '../contest.ts';
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
): ReturnType<typeof contest> {
  progress(`opening ${accounts.toLocaleString('en')} accounts and starting the server`);
  const place = { databaseUrl: await databases.bank(`${name}_bank`), stateDir: join(stateDir, name) };
  await project(place, await seedAccounts(place.databaseUrl, accounts));
  const certsDir = join(stateDir, 'certs');
  await ensureCertificates(certsDir, Date.now());
  const port = String(await freePort());
  const target: Target = {
    origin: `https://localhost:${port}`,
    ca: await readFile(join(certsDir, 'ca.crt'), 'utf8'),
    accounts,
    ...(await logIns(place)),
  };
  const projector = await startProjector(place);
  const server = await startProgram('server/src/main.ts', place, { PORT: port, CERTS_DIR: certsDir });
  const load = fork(fileURLToPath(new URL('../https-load.ts', import.meta.url)));
  load.send(target);
  const loadEnded = once(load, 'exit').then(() => {
    throw new Error('the load process ended');
  });
  // Awaited only while a round is under way.
  loadEnded.catch(() => undefined);
  const contenders = loads.map(({ kind, callers }): Contender => ({
    name: kind,
    callers,
    async round(forMs) {
      load.send({ kind, callers, forMs } satisfies Task);
      const [round] = (await Promise.race([once(load, 'message'), loadEnded])) as [Round];
      return round;
    },
  }));
  try {
    return await contest(contenders, pace, progress);
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
}: Place): Promise<Pick<Target, 'customerTokens' | 'pin' | 'operatorToken'>> {
  const { pinKey } = await loadSecrets(stateDir);
  const pool = serverPool(databaseUrl, 4);
  const gate = postgresPinGate({ pool, pinKey });
  const customers = postgresSessions({ pool });
  const customerTokens = Array.from({ length: sessions }, newToken);
  await Promise.all(
    customerTokens.map((token, index) => {
      const account = String(index + 1);
      return customers.begin({ account, token, pinDigest: gate.sessionDigest(account, token, pin) });
    }),
  );
  const staff = await ensureFirstStaff(databaseUrl);
  const { token: operatorToken } = await postgresStaffSessions({ pool }).begin(staff?.username ?? '');
  await pool.end();
  return { customerTokens, pin, operatorToken };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
