/** `npm start`: brings the whole bank up in order, says where it is, watches over it, and takes it down in order. */
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { ensureFirstStaff } from '../server/src/staff/first-staff.ts';
import { ensureCertificates } from './certs/ensure.ts';
import { Failure, sentenceFor } from './failure.ts';
import type { EmbeddedPostgres } from './postgres/embedded.ts';
import { startPostgres } from './postgres/embedded.ts';
import { migrate } from './migrate.ts';
import { ensureWritable, ensurePortFree } from './start/checks.ts';
import { watchOver } from './start/children.ts';
import { ensureScreens } from './screens/build.ts';
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
  const { ca } = await ensureCertificates(config.certsDir, Date.now(), { names: config.certNames });
  await ensureScreens();
  const secrets = await loadSecrets(config.stateDir);

  let { databaseUrl } = config;
  if (databaseUrl === undefined) {
    console.log('Starting PostgreSQL …');
    const postgres = await startPostgres({ stateDir: config.stateDir });
    databaseUrl = postgres.url;
    takeDown.push(keepRunning(postgres, config.stateDir));
  }
  await migrate(databaseUrl);
  const staff = await ensureFirstStaff(databaseUrl);
  const sample = await importSampleBank({ ...config, databaseUrl, secrets });

  const env = { ...process.env, DATABASE_URL: databaseUrl };
  const children = watchOver(env, config.stateDir, (reason) => {
    console.error(reason);
    void stop(1);
  });
  takeDown.push(() => children.stop());
  await children.started;
  console.log(greeting({ config, ca, staff, sample }));
}

/** Starts PostgreSQL again, where it was, when it ends by itself; gives what stops it. */
function keepRunning(first: EmbeddedPostgres, stateDir: string): () => Promise<void> {
  let postgres = first;
  const watch = async (): Promise<void> => {
    for (;;) {
      await postgres.ended;
      if (stopping) return;
      console.error('PostgreSQL ended and is started again.');
      postgres = await startPostgres({ stateDir, port: postgres.port });
    }
  };
  watch().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    void stop(1);
  });
  return () => postgres.stop();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    console.log('Stopping …');
    void stop(0);
  });
}

start().catch((error: unknown) => {
  if (stopping) return;
  console.error(sentenceFor(error instanceof ConfigError ? new Failure(error.message) : error));
  void stop(1);
});
