/** The signer's process: reads the configuration, signs the journal's checkpoints, ends in order. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { endWith, Failure } from '../../../ledger/src/failure.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { assertLimitedRole } from '../../../ledger/src/limited-role.ts';
import { createLog } from '../../../ledger/src/log.ts';
import { vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { readPolicy } from '../../../ledger/src/transparency/policy-file.ts';
import { journalConnection, signerConnection } from './connection.ts';
import { readKey, readSignerConfig, signedFileOf } from './settings.ts';
import { runSigner } from './signer.ts';
import { askWitnesses } from './witnesses.ts';

const retryMs = 1_000;
/** What is under way has its own deadlines; should one be missed, nothing is lost by ending. */
const endWithinMs = 15_000;

async function configuration() {
  try {
    const config = readSignerConfig(process.env);
    return { ...config, key: await readKey(config), policy: readPolicy(config) };
  } catch (error) {
    return endWith(error);
  }
}

const { databaseUrl, eventLog, stateDir, logLevel, key, policy } = await configuration();
const log = createLog('signer', logLevel);

const end = new AbortController();
end.signal.addEventListener('abort', () => {
  setTimeout(() => process.exit(0), endWithinMs).unref();
});
process.on('SIGTERM', () => {
  end.abort();
});
// Ctrl-C reaches every process of the terminal; the supervisor says when the signer is to end.
process.on('SIGINT', () => {
  if (!process.connected) end.abort();
});
// Nothing outlives the supervisor.
process.on('disconnect', () => {
  end.abort();
});

const pool = new pg.Pool(journalConnection(databaseUrl));
pool.on('error', (error) => {
  log.warn({ err: error }, 'an idle connection to the database was lost');
});
const journal = openJournal(eventLog, pool);

/** Stores that do not answer yet are waited for. */
while (!end.signal.aborted) {
  try {
    await assertLimitedRole(databaseUrl, 'SIGNER_DATABASE_URL');
    break;
  } catch (error) {
    if (error instanceof Failure) endWith(error);
    log.warn({ err: error }, 'the database does not answer yet');
    await sleep(retryMs, undefined, { signal: end.signal }).catch(() => undefined);
  }
}
log.info({ vkey: vkeyOf(key), witnesses: policy?.witnesses.length ?? 0 }, 'the log’s key');
try {
  await runSigner({
    journal,
    connection: () => new pg.Client(signerConnection(databaseUrl)),
    key,
    signedFile: signedFileOf({ stateDir }),
    cosign: askWitnesses({ policy, log }),
    log,
    onLock: () => process.send?.({ ready: true }),
    signal: end.signal,
  });
} catch (error) {
  log.fatal({ err: error }, 'nothing is signed any more');
  if (error instanceof Failure) console.error(error.message);
  // Starting again would not help: the process stays, so that the rest of the bank does, and measurements say it.
  process.send?.({ ready: true });
  const ended = Promise.withResolvers<undefined>();
  end.signal.addEventListener('abort', () => {
    ended.resolve(undefined);
  });
  // A promise alone keeps no process.
  const awake = setInterval(() => undefined, 60_000);
  await ended.promise;
  clearInterval(awake);
}
await journal.close();
await pool.end();
log.info('the signer ends');
process.exit(0);
