/** The projector's process: reads the configuration, keeps the read model in step with the journal, ends in order. */
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { pino } from 'pino';
import { readEventLog } from '../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { currentGeneration, masterKeyFiles } from '../../ledger/src/vault/master-keys.ts';
import { setting } from '../../ledger/src/vault/setting.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { projectorConnection, readersConnection } from './connection.ts';
import { runProjector } from './projector.ts';

function fail(sentence: string): never {
  console.error(sentence);
  process.exit(1);
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const value = (name: string, otherwise: string): string => {
  try {
    return setting(process.env, name) ?? otherwise;
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
};
const databaseUrl = value('DATABASE_URL', '');
if (databaseUrl === '') {
  fail('DATABASE_URL is not set: give a PostgreSQL server, or start everything with npm start.');
}
const eventLog = readEventLog(value('EVENT_LOG_URL', '') || undefined, value('LEDGER', 'main'));
if (typeof eventLog === 'string') fail(eventLog);
const level = value('LOG_LEVEL', 'info');
if (level !== 'silent' && !(level in pino.levels.values)) {
  fail(`LOG_LEVEL is "${level}", but must be one of: ${Object.keys(pino.levels.values).join(', ')}, silent.`);
}
const stateDir = resolve(value('STATE_DIR', join(root, 'var')));

const log = pino({
  level,
  base: { process: 'projector' },
  timestamp: pino.stdTimeFunctions.isoTime,
  // A database error's other fields repeat values of rows.
  serializers: {
    err: (error: unknown) =>
      error instanceof Error
        ? { type: error.name, message: error.message, ...('code' in error && { code: error.code }), stack: error.stack }
        : { type: typeof error },
  },
});
const pool = new pg.Pool(readersConnection(databaseUrl));
pool.on('error', (error) => {
  log.warn({ err: error }, 'an idle connection to the database was lost');
});
const masterKeys = masterKeyFiles(stateDir);
// A database that does not answer yet is waited for; a key that is missing would never come.
const generation = await currentGeneration(pool).catch(() => undefined);
if (generation !== undefined) {
  await masterKeys
    .get(generation)
    .catch((error: unknown) => fail(error instanceof Error ? error.message : String(error)));
}
const vault = postgresVault({ pool, masterKeys });

const end = new AbortController();
process.on('SIGTERM', () => {
  end.abort();
});
// Ctrl-C reaches every process of the terminal; the supervisor says when it is the projector's turn to end.
process.on('SIGINT', () => {
  if (!process.connected) end.abort();
});
// Nothing outlives the supervisor.
process.on('disconnect', () => {
  end.abort();
});

const journal = openJournal(eventLog, pool);
try {
  await runProjector({
    journal,
    connection: () => new pg.Client(projectorConnection(databaseUrl, 'read')),
    openProfile: (keyId, sealed) => vault.open(keyId, sealed),
    log,
    onTurn: () => process.send?.({ ready: true }),
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
log.info('the projector ends');
process.exit(0);
