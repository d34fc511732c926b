/** `npm run delete-unused-keys`: deletes customers' keys that seal nothing in the journal, while the bank runs. */
import { bindJournal } from '../ledger/src/journal/journal-identity.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { assertReachable } from '../ledger/src/journal/reach-journal.ts';
import { commandPool } from '../operations/src/command-pool.ts';
import { openDatabase } from '../operations/src/database.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { deleteUnusedKeys } from '../operations/src/unused-keys/delete-unused-keys.ts';
import { progress as progressOf } from '../projections/src/queries/progress.ts';
import { readConfig } from '../server/src/config.ts';
import { command } from './command.ts';

command(async () => {
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const pool = commandPool(await ensureLogIns(url, config));
  const journal = openJournal(config.eventLog, pool);
  const display = progressDisplay(process.stdout);
  try {
    await assertReachable(journal, 'EVENT_LOG_URL');
    const { position: projected } = await progressOf(pool);
    await bindJournal({ pool, journal, eventLog: config.eventLog, projected });
    const deleted = await deleteUnusedKeys({ pool, journal, onProgress: display.show });
    display.end();
    console.log(`${String(deleted)} keys that nobody uses were deleted.`);
  } finally {
    display.end();
    await journal.close();
    await pool.end();
    await release();
  }
});
