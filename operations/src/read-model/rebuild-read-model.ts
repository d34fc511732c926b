/** Opens what a rebuild of the read model works with, rebuilds, and closes it. */
import pg from 'pg';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { bindJournal } from '../../../ledger/src/journal/journal-identity.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { projectorConnection, readersConnection } from '../../../projections/src/connection.ts';
import { progress } from '../../../projections/src/queries/progress.ts';
import type { LogIns } from '../log-in-roles.ts';
import type { RebuildOptions } from '../../../projections/src/rebuild.ts';
import { rebuild } from '../../../projections/src/rebuild.ts';

export async function rebuildReadModel({
  ownerUrl,
  logIns,
  eventLog,
  masterKeys,
  onProgress,
  discardsBeyond = false,
}: {
  readonly ownerUrl: string;
  readonly logIns: LogIns;
  readonly eventLog: EventLog;
  readonly masterKeys: MasterKeys;
  readonly onProgress: OnProgress;
} & Pick<RebuildOptions, 'discardsBeyond'>): ReturnType<typeof rebuild> {
  const pool = new pg.Pool(readersConnection(logIns.projector));
  const owner = new pg.Client({ connectionString: ownerUrl });
  const observer = new pg.Client({ connectionString: ownerUrl });
  const writer = new pg.Client(projectorConnection(logIns.projector, 'read_next'));
  const journal = openJournal(eventLog, pool);
  try {
    for (const client of [owner, observer, writer]) {
      // A lost connection is met by the statement that needs it.
      client.on('error', () => undefined);
      await client.connect();
    }
    await bindJournal({ pool, journal, eventLog, projected: (await progress(pool)).position });
    const vault = postgresVault({ pool, masterKeys });
    return await rebuild({
      journal,
      decryptProfiles: (sealed) => vault.openMany(sealed),
      owner,
      observer,
      writer,
      discardsBeyond,
      onProgress: ({ position, target }) => {
        onProgress({ phase: 'rebuilding', done: position, total: target });
      },
    });
  } finally {
    await Promise.all([owner, observer, writer].map((client) => client.end().catch(() => undefined)));
    await journal.close();
    await pool.end();
  }
}
