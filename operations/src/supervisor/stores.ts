/** What the bank's processes need before they start: a machine that fits, and a database that stays up, on the journal it belongs to. */
import type { Config } from '../../../server/src/config.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import { ensureCertificates } from '../certificates/ensure.ts';
import { startPostgres } from '../embedded-postgres/start-postgres.ts';
import type { LogIns } from '../log-in-roles.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { migrate } from '../migrate.ts';
import { ensurePortFree, ensureWritable } from './checks.ts';
import type { Parts } from './parts.ts';
import type { SampleAccount } from './sample-bank.ts';
import { importSampleBank } from './sample-bank.ts';

/** Gives the authority's certificate. Throws a `Failure` for what is not right. */
export async function prepareMachine(config: Config): Promise<string> {
  ensureWritable(config.stateDir);
  await ensurePortFree(config);
  const { certsDir, caDir, certNames: names } = config;
  const { ca } = await ensureCertificates(certsDir, Date.now(), { caDir, names });
  return ca;
}

export type Stores = {
  readonly logIns: LogIns;
  /** An account of the sample bank, when there is one. */
  readonly sample: SampleAccount | undefined;
};

/** The bank's own PostgreSQL becomes a part. Throws a `Failure`. */
export async function openStores(parts: Parts, config: Config): Promise<Stores> {
  const ownerUrl = config.databaseUrl ?? (await startOwnPostgres(parts, config));
  await migrate(ownerUrl);
  const logIns = await ensureLogIns(ownerUrl, config);
  const secrets = await loadSecrets(config.stateDir, logIns.server);
  const isOwnDatabase = config.databaseUrl === undefined;
  const sample = await importSampleBank({ ...config, logIns, secrets }, { isOwnDatabase });
  return { logIns, sample };
}

/** Started again, on the port it had, when it ends by itself. Gives its URL. */
async function startOwnPostgres(parts: Parts, { stateDir, walArchive }: Config): Promise<string> {
  console.log('Starting PostgreSQL …');
  let postgres = await startPostgres({ stateDir, walArchive });
  parts.add(() => postgres.stop());
  const watch = async (): Promise<void> => {
    for (;;) {
      await postgres.ended;
      if (parts.isEnding()) return;
      console.error('PostgreSQL ended and is started again.');
      postgres = await startPostgres({ stateDir, walArchive, port: postgres.port });
    }
  };
  watch().catch(parts.fail);
  return postgres.url;
}
