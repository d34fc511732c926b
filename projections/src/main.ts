/** The projector's process: reads the configuration, updates the read model from the journal, ends in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Configuration } from '../../ledger/src/configuration.ts';
import {
  commonSettings,
  configurationFrom,
  databaseUrlSetting,
  readSettings,
  withDatabase,
} from '../../ledger/src/configuration.ts';
import { endWith, Failure } from '../../ledger/src/failure.ts';
import { bindJournal } from '../../ledger/src/journal/journal-identity.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { assertMasterKeys, masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { assertLimitedRole } from '../../ledger/src/limited-role.ts';
import { createLog } from '../../ledger/src/log.ts';
import { openTracer } from '../../ledger/src/tracing/open-tracer.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { projectorConnection, readersConnection } from './connection.ts';
import { runProjector } from './projector.ts';
import { progress } from './queries/progress.ts';

function configuration(): Configuration & { readonly databaseUrl: string } {
  try {
    const name = 'PROJECTOR_DATABASE_URL';
    const settings = readSettings(commonSettings.extend({ [name]: databaseUrlSetting(name) }), process.env);
    return withDatabase(configurationFrom(settings), name, settings[name]);
  } catch (error) {
    return endWith(error);
  }
}

/** Chosen, not measured. */
const retryMs = 1_000;

const { databaseUrl, eventLog, stateDir, logLevel } = configuration();
const log = createLog('projector', logLevel);
const tracer = await openTracer(process.env, 'projector', log);
const pool = new pg.Pool(readersConnection(databaseUrl));
pool.on('error', (error) => {
  log.warn({ err: error }, 'an idle connection to the database was lost');
});
const masterKeys = masterKeyFiles(stateDir);
const vault = postgresVault({ pool, masterKeys });

const end = new AbortController();
process.on('SIGTERM', () => {
  end.abort();
});
// Ctrl-C reaches every process of the terminal; the supervisor says when the projector is to end.
process.on('SIGINT', () => {
  if (!process.connected) end.abort();
});
// Nothing outlives the supervisor.
process.on('disconnect', () => {
  end.abort();
});

const journal = openJournal(eventLog, pool);

/** Stores that do not answer yet are waited for; with a wrong key, or another journal than the database's, nothing is written. */
async function checkStores(): Promise<void> {
  while (!end.signal.aborted) {
    try {
      await assertLimitedRole(databaseUrl, 'PROJECTOR_DATABASE_URL');
      await assertMasterKeys(pool, masterKeys);
      await bindJournal({ pool, journal, eventLog, projected: (await progress(pool)).position });
      return;
    } catch (error) {
      if (error instanceof Failure) endWith(error);
      log.warn({ err: error }, 'journal or database do not answer yet');
      await sleep(retryMs, undefined, { signal: end.signal }).catch(() => undefined);
    }
  }
}

await checkStores();
try {
  await runProjector({
    journal,
    connection: () => new pg.Client(projectorConnection(databaseUrl, 'read')),
    decryptProfiles: (sealed) => vault.openMany(sealed),
    log,
    ...(tracer && { tracer }),
    onLock: () => process.send?.({ ready: true }),
    signal: end.signal,
  });
} catch (error) {
  log.fatal({ err: error }, 'the journal does not fit the read model: the projector stops');
  // Starting again would not help: the process stays, so that the rest of the bank does, and the health check says it.
  const ended = Promise.withResolvers<undefined>();
  end.signal.addEventListener('abort', () => {
    ended.resolve(undefined);
  });
  await ended.promise;
}
await journal.close();
await pool.end();
await tracer?.stop();
log.info('the projector ends');
process.exit(0);
