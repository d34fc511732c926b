/** `npm run rebuild`: builds the read model again from the journal, compares it with the one in use, and swaps them. */
import pg from 'pg';
import { openJournal } from '../ledger/src/journal/open-journal.ts';
import { postgresVault } from '../ledger/src/vault/vault.ts';
import { projectorConnection, readersConnection } from '../projections/src/connection.ts';
import type { Rebuilt } from '../projections/src/rebuild.ts';
import { rebuild } from '../projections/src/rebuild.ts';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { progressDisplay } from './show-progress.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';

function report({ position, comparisons }: Rebuilt): string {
  const lines = comparisons.map(({ table, rows, differing, examples }) =>
    differing === 0
      ? `  ${table}: ${String(rows)} rows, all as before`
      : `  ${table}: ${String(rows)} rows, ${String(differing)} not as before, such as ${examples.join('; ')}`,
  );
  return [`The read model was rebuilt up to position ${String(position)} and is in use.`, ...lines].join('\n');
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const { masterKeys } = await loadSecrets(config.stateDir);
  const pool = new pg.Pool(readersConnection(url));
  const [owner, observer] = [new pg.Client({ connectionString: url }), new pg.Client({ connectionString: url })];
  const writer = new pg.Client(projectorConnection(url, 'read_next'));
  const progress = progressDisplay(process.stdout);
  const journal = openJournal(config.eventLog, pool);
  try {
    for (const client of [owner, observer, writer]) {
      // A lost connection is met by the statement that needs it.
      client.on('error', () => undefined);
      await client.connect();
    }
    const vault = postgresVault({ pool, masterKeys });
    const rebuilt = await rebuild({
      journal,
      openProfile: (keyId, sealed) => vault.open(keyId, sealed),
      owner,
      observer,
      writer,
      onProgress: ({ position, target }) => {
        progress.show({ phase: 'rebuilding', done: position, total: target });
      },
    });
    progress.end();
    if (rebuilt === 'under way already') throw new Failure('Another rebuild is under way: wait until it has ended.');
    console.log(report(rebuilt));
  } finally {
    progress.end();
    await Promise.all([owner, observer, writer].map((client) => client.end().catch(() => undefined)));
    await journal.close();
    await pool.end();
    await release();
  }
}

main().catch((error: unknown) => {
  endWith(error instanceof ConfigError ? new Failure(error.message) : error);
});
