/** `npm run rotate-master-key`: wraps every key anew under a new master key, while the bank runs. */
import pg from 'pg';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';
import { rotate } from './rotation/rotate.ts';
import { progressDisplay } from './show-progress.ts';

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const { masterKeys } = await loadSecrets(config.stateDir);
  const client = new pg.Client({ connectionString: url });
  const progress = progressDisplay(process.stdout);
  try {
    await client.connect();
    const rotated = await rotate({
      client,
      masterKeys,
      onProgress: (done, total) => {
        progress.show({ phase: 'wrapping keys', done, total });
      },
    });
    progress.end();
    if (rotated === 'under way already') throw new Failure('Another rotation is under way: wait until it has ended.');
    console.log(
      `${String(rotated.keys)} keys are wrapped under master key ${String(rotated.generation)}; the one before is deleted.\n` +
        `Back up ${config.stateDir}/secrets. Backups of the database from before open with the old key only.`,
    );
  } finally {
    progress.end();
    await client.end();
    await release();
  }
}

main().catch((error: unknown) => endWith(error instanceof ConfigError ? new Failure(error.message) : error));
