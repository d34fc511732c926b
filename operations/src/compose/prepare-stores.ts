/** Compose's stores: the newest schema, an event log that answers, and the first staff log-in in a file for whoever runs the bank. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { bindJournal } from '../../../ledger/src/journal/journal-identity.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { progress } from '../../../projections/src/queries/progress.ts';
import type { Config } from '../../../server/src/config.ts';
import { serverConnection } from '../../../server/src/connections.ts';
import type { BankOptions } from '../../../server/src/open-bank.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { migrate } from '../migrate.ts';
import { replaceFile } from '../../../ledger/src/replace-file.ts';
import { firstStaffOf } from '../staff/first-staff-file.ts';
import { assertReachable } from '../../../ledger/src/journal/reach-journal.ts';

/** Three nodes take a while to choose their leader. */
const eventLogWithinMs = 120_000;

type Stores = Pick<Config, 'databaseUrl' | 'eventLog' | 'stateDir'> &
  Pick<Config, 'serverDatabaseUrl' | 'projectorDatabaseUrl' | 'signerDatabaseUrl'>;

/** Gives whether the first staff log-in is in its file. Throws a `Failure`. */
export async function prepareStores(config: Stores): Promise<boolean> {
  const { databaseUrl: ownerUrl, eventLog, stateDir } = config;
  if (ownerUrl === undefined) throw new Failure('DATABASE_URL is not set: give the owner’s connection string.');
  await migrate(ownerUrl);
  const { server: databaseUrl, signer } = await ensureLogIns(ownerUrl, config);
  // The signer sees nothing else of the state folder.
  await replaceFile('/secrets/signer/database-url', signer, 0o400);
  // Before the projectors, which make none.
  await loadSecrets(stateDir, databaseUrl);
  await waitForJournal({ databaseUrl, eventLog });
  // It stays there, and does not go to the terminal: what a container prints is stored as its log.
  return (await firstStaffOf(databaseUrl, stateDir)) !== undefined;
}

async function waitForJournal({ databaseUrl, eventLog }: Pick<BankOptions, 'databaseUrl' | 'eventLog'>): Promise<void> {
  const pool = new pg.Pool({ ...serverConnection(databaseUrl, 'command'), max: 1 });
  try {
    for (const giveUpAt = performance.now() + eventLogWithinMs; ;) {
      // A client whose first call met no server is of no use later.
      const journal = openJournal(eventLog, pool);
      try {
        await assertReachable(journal, 'EVENT_LOG_URL');
      } catch (error) {
        await journal.close();
        if (performance.now() > giveUpAt) throw error;
        await sleep(1_000);
        continue;
      }
      const projected = (await progress(pool)).position;
      await bindJournal({ pool, journal, eventLog, projected }).finally(() => journal.close());
      return;
    }
  } finally {
    await pool.end();
  }
}
