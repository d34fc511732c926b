/** Compose's second step: the newest schema, an event log that answers, and the first staff log-in in a file for whoever runs the bank. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { endWith, Failure } from '../failure.ts';
import { migrate } from '../migrate.ts';
import { reach } from '../reach-journal.ts';
import type { ServerConfig } from '../../server/src/config.ts';
import { ConfigError, readServerConfig } from '../../server/src/config.ts';
import { ensureFirstStaff } from '../../server/src/staff/first-staff.ts';

/** Three nodes take a while to choose their leader. */
const eventLogWithinMs = 120_000;

async function waitForJournal({ databaseUrl, eventLog }: ServerConfig): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, options: '-c role=grandlivre_server', max: 1 });
  try {
    for (const giveUpAt = performance.now() + eventLogWithinMs; ;) {
      // A client whose first call met no server is of no use later.
      const journal = openJournal(eventLog, pool);
      try {
        await reach(journal, 'EVENT_LOG_URL');
        return;
      } catch (error) {
        if (performance.now() > giveUpAt) throw error;
      } finally {
        await journal.close();
      }
      await sleep(1_000);
    }
  } finally {
    await pool.end();
  }
}

try {
  const config = readServerConfig(process.env);
  await migrate(config.databaseUrl);
  await waitForJournal(config);
  const staff = await ensureFirstStaff(config.databaseUrl);
  if (staff !== undefined) {
    // Not to the terminal: what a container prints is kept as its log.
    writeFileSync(join(config.stateDir, 'first-staff'), `${staff.username} ${staff.password}\n`, { mode: 0o600 });
    console.log('The first staff log-in: docker compose exec projector cat /state/first-staff');
  }
} catch (error) {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
}
