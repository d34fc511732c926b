/** The thread of one verification: opens connections of its own, carries it out, and ends with it. */
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { masterKeyFiles } from '../../../ledger/src/vault/master-keys.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { carryOutVerification } from '../audit/carry-out-verification.ts';
import { serverConnection, verificationLimits } from '../connections.ts';

export type VerificationOrder = {
  readonly databaseUrl: string;
  readonly eventLog: EventLog;
  /** Where the master keys are, for the names, and what was seen of the log. */
  readonly stateDir: string;
  readonly logPolicy: string | undefined;
  readonly logVkey: string | undefined;
  readonly startedBy: string;
};

/** What the thread says: first whether it began, then, where it failed, why. */
export type VerificationMessage =
  | { readonly is: 'begun'; readonly id: number }
  | { readonly is: 'under way already' }
  | { readonly is: 'failed'; readonly error: unknown };

const { databaseUrl, eventLog, stateDir, logPolicy, logVkey, startedBy } = workerData as VerificationOrder;
const say = (message: VerificationMessage): void => parentPort?.postMessage(message);

const stop = new AbortController();
// Whatever it is told is to stop.
parentPort?.once('message', () => {
  stop.abort();
});

const pool = new pg.Pool({ ...serverConnection(databaseUrl, 'server'), ...verificationLimits });
pool.on('error', () => undefined);
const journal = openJournal(eventLog, pool);
const vault = postgresVault({ pool, masterKeys: masterKeyFiles(stateDir) });
try {
  const begun = await carryOutVerification({
    ...{ pool, journal, vault, startedBy, signal: stop.signal },
    log: { stateDir, policyFile: logPolicy, vkey: logVkey },
    onBegun: (id) => {
      say({ is: 'begun', id });
    },
  });
  if (!begun) say({ is: 'under way already' });
} catch (error) {
  say({ is: 'failed', error });
} finally {
  await journal.close().catch(() => undefined);
  await pool.end().catch(() => undefined);
  parentPort?.close();
}
