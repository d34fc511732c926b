/** `npm run rotate-master-key`: wraps every key anew under a new master key, while the bank runs. */
import pg from 'pg';
import { Failure } from '../ledger/src/failure.ts';
import { openDatabase } from '../operations/src/database.ts';
import { rotate } from '../operations/src/key-rotation/rotate.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { command } from './command.ts';

command(async () => {
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const { masterKeys } = await loadSecrets(config.stateDir, url);
  const client = new pg.Client({ connectionString: url });
  const progress = progressDisplay(process.stdout);
  try {
    await client.connect();
    const rotated = await rotate({ client, masterKeys, onProgress: progress.show });
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
});
