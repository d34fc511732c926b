/** `npm run publish-log`: the transparency log as static files, for any web server or object store. */
import { Failure } from '../ledger/src/failure.ts';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { commandPool } from '../operations/src/command-pool.ts';
import { openDatabase } from '../operations/src/database.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { publishLog } from '../operations/src/publish-log/publish-log.ts';
import { readConfig } from '../server/src/config.ts';
import { command, readArguments } from './command.ts';

const usage = `Usage: npm run publish-log -- --to DIR [--entries]
  --to       the folder; what was published there before is continued
  --entries  the events as well, for auditors: they hold what customers did, and are no public reading`;

command(async () => {
  const { values } = readArguments(usage, { options: { to: { type: 'string' }, entries: { type: 'boolean' } } });
  if (values.to === undefined) throw new Failure(usage);
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const pool = commandPool(await ensureLogIns(url, config));
  const journal = openJournal(config.eventLog, pool);
  const progress = progressDisplay(process.stdout);
  try {
    const { origin, size, written } = await publishLog({
      ...{ pool, journal, to: values.to, hasEntries: values.entries === true },
      onProgress: progress.show,
    });
    progress.end();
    console.log(
      `${values.to} holds ${origin} up to ${size.toLocaleString('en')} events: ${written.toLocaleString('en')} new files.`,
    );
  } finally {
    progress.end();
    await journal.close();
    await pool.end();
    await release();
  }
});
