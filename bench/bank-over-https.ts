/** A whole bank that is loaded over HTTPS: server, projector and load are processes of their own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../operations/src/free-port.ts';
import { ensureCertificates } from '../operations/src/certificates/ensure.ts';
import { postgresPinAuthenticator } from '../server/src/access/pin-authenticator.ts';
import { postgresSessions, postgresStaffSessions } from '../server/src/access/postgres-sessions.ts';
import { newToken } from '../server/src/access/tokens.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { ensureFirstStaff } from '../server/src/staff/first-staff.ts';
import type { BankConfig, RunningProgram } from './bank.ts';
import { project, startProgram, startProjector } from './bank.ts';
import { serverPool } from './databases.ts';
import type { Target, Task } from './https-load.ts';
import type { Round } from './load.ts';
import { seedAccounts } from './seed.ts';

const accounts = 10_000;
const sessions = 64;
const pin = '2527';

export type BankOverHttps = {
  readonly server: RunningProgram;
  readonly projector: RunningProgram;
  readonly target: Target;
  /** One round of load, from the process that makes it. */
  load(task: Task): Promise<Round>;
  stop(): Promise<void>;
};

/** Opens 10,000 accounts, which takes a few seconds, and sessions of 64 of them. */
export async function bankOverHttps(place: BankConfig): Promise<BankOverHttps> {
  await project(place, await seedAccounts(place, accounts));
  const certsDir = join(place.stateDir, 'certs');
  await ensureCertificates(certsDir, Date.now());
  const port = String(await freePort());
  const target: Target = {
    origin: `https://localhost:${port}`,
    ca: await readFile(join(certsDir, 'ca.crt'), 'utf8'),
    accounts,
    ...(await logIns(place)),
  };
  const projector = await startProjector(place);
  const settings = { PORT: port, CERTS_DIR: certsDir, TERMINALS: 'demo', CASH_DAY_LIMIT: '1000000000.00' };
  const server = await startProgram('server/src/main.ts', place, settings);
  const load = fork(fileURLToPath(new URL('./https-load.ts', import.meta.url)));
  load.send(target);
  const loadEnded = once(load, 'exit').then(() => {
    throw new Error('the load process ended');
  });
  // Awaited only while a round is under way.
  loadEnded.catch(() => undefined);
  return {
    server,
    projector,
    target,
    async load(task) {
      load.send(task);
      const [round] = (await Promise.race([once(load, 'message'), loadEnded])) as [Round];
      return round;
    },
    async stop() {
      load.kill();
      await server.stop();
      await projector.stop();
    },
  };
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
