/** `npm run rebuild`: builds the read model again from the journal, compares it with the one in use, and swaps them. */
import { Failure } from '../ledger/src/failure.ts';
import { openDatabase } from '../operations/src/database.ts';
import { ensureLogIns } from '../operations/src/log-in-roles.ts';
import { progressDisplay } from '../operations/src/progress-display.ts';
import { rebuildReadModel } from '../operations/src/read-model/rebuild-read-model.ts';
import type { Rebuilt } from '../projections/src/rebuild.ts';
import { readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { command, readArguments } from './command.ts';

function report({ position, comparisons }: Rebuilt): string {
  const lines = comparisons.map(({ table, rows, differing, examples }) =>
    differing === 0
      ? `  ${table}: ${String(rows)} rows, all as before`
      : `  ${table}: ${String(rows)} rows, ${String(differing)} not as before, such as ${examples.join('; ')}`,
  );
  return [`The read model was rebuilt up to position ${String(position)} and is in use.`, ...lines].join('\n');
}

const usage = `Usage: npm run rebuild [-- --discard-beyond-journal]
  --discard-beyond-journal   the event log was restored from an older backup: what the read model shows beyond its end is lost`;

command(async () => {
  const { values } = readArguments(usage, { options: { 'discard-beyond-journal': { type: 'boolean' } } });
  const discardsBeyond = values['discard-beyond-journal'] === true;
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const progress = progressDisplay(process.stdout);
  try {
    const logIns = await ensureLogIns(url, config);
    const { masterKeys } = await loadSecrets(config.stateDir, logIns.server);
    const { eventLog } = config;
    const rebuilt = await rebuildReadModel({
      ...{ ownerUrl: url, logIns, eventLog, masterKeys, discardsBeyond },
      onProgress: progress.show,
    });
    progress.end();
    if (rebuilt === 'under way already') throw new Failure('Another rebuild is under way: wait until it has ended.');
    console.log(report(rebuilt));
  } finally {
    progress.end();
    await release();
  }
});
