/** `npm start`: brings the whole bank up in order, says where it is, watches over it, and takes it down in order. */
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { ensureFirstStaff } from '../server/src/staff/first-staff.ts';
import { ensureCertificates } from './certs/ensure.ts';
import { endWith, Failure } from './failure.ts';
import { startPostgres } from './postgres/embedded.ts';
import { migrate } from './migrate.ts';
import { ensureWritable, ensurePortFree } from './start/checks.ts';
import { watchOver } from './start/children.ts';
import { importSampleBank } from './start/sample-bank.ts';
import { greeting } from './start/greeting.ts';

/** What to take down, in the order of starting; taken down backwards. */
const takeDown: (() => Promise<void>)[] = [];
let stopping = false;

async function stop(exitCode: number): Promise<void> {
  if (stopping) {
    // Whoever asks twice does not want to wait.
    process.exit(exitCode === 0 ? 130 : exitCode);
  }
  stopping = true;
  for (const step of takeDown.splice(0).reverse()) {
    await step().catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
    });
  }
  process.exit(exitCode);
}

async function start(): Promise<void> {
  const config = readConfig(process.env);
  ensureWritable(config.stateDir);
  await ensurePortFree(config);
  const { ca } = await ensureCertificates(config.certsDir, Date.now());
  const secrets = await loadSecrets(config.stateDir);

  let { databaseUrl } = config;
  if (databaseUrl === undefined) {
    console.log('Starting PostgreSQL …');
    const postgres = await startPostgres(config);
    takeDown.push(() => postgres.stop());
    databaseUrl = postgres.url;
  }
  await reachingDatabase(migrate(databaseUrl));
  const staff = await ensureFirstStaff(databaseUrl);
  const sample = await importSampleBank({ databaseUrl, secrets, stateDir: config.stateDir });

  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const children = await watchOver(env, (name) => {
    console.error(`${name} ended again and again and is not started any more: see the log above.`);
    void stop(1);
  });
  takeDown.push(() => children.stop());
  console.log(greeting({ config, ca, staff, sample }));
}

/** Somebody else's database that cannot be used is one sentence, not a stack. */
async function reachingDatabase(work: Promise<void>): Promise<void> {
  await work.catch((error: unknown) => {
    const message = error instanceof Error && error.message !== '' ? error.message : String(error);
    throw new Failure(
      `The database cannot be used: ${message}. Check DATABASE_URL and that its role may create schemas.`,
    );
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.log('Stopping …');
    void stop(0);
  });
}

start().catch(async (error: unknown) => {
  for (const step of takeDown.splice(0).reverse()) await step().catch(() => undefined);
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
});
