/** The thread of one verification: opens connections of its own, carries it out, and ends with it. */
import { createSecretKey } from 'node:crypto';
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import pg from 'pg';
import type { EventLog } from '../../../ledger/src/journal/event-log.ts';
import { openJournal } from '../../../ledger/src/journal/open-journal.ts';
import { masterKeyFiles } from '../../../ledger/src/vault/master-keys.ts';
import { readSecretFile } from '../../../ledger/src/vault/secret-file.ts';
import { postgresVault } from '../../../ledger/src/vault/vault.ts';
import { carryOutVerification } from '../audit/carry-out-verification.ts';
import type { RecordEnd, VerificationEnd } from '../audit/record-verification.ts';
import { serverConnection, verificationLimits } from '../connections.ts';
import type { Hashing } from './start-hashing.ts';
import { startHashing } from './start-hashing.ts';

export type VerificationOrder = {
  readonly databaseUrl: string;
  readonly eventLog: EventLog;
  /** Where the master keys are, for the names, and what was seen of the log. */
  readonly stateDir: string;
  readonly logPolicy: string | undefined;
  readonly logVkey: string | undefined;
  readonly startedBy: string;
};

/** What the thread says: first whether it began, then how it ended, and, where it failed, why. */
export type VerificationMessage =
  | { readonly is: 'begun'; readonly id: number }
  | { readonly is: 'under way already' }
  /** To be written to the journal, which only the server itself does; it answers. */
  | { readonly is: 'ended'; readonly end: VerificationEnd }
  | { readonly is: 'failed'; readonly error: unknown };

/** What it is told. */
export type VerificationInstruction =
  | { readonly is: 'stop' }
  /** What the journal has of its end; undefined: nobody knows. */
  | { readonly is: 'recorded'; readonly isRecorded: boolean | undefined };

const { databaseUrl, eventLog, stateDir, logPolicy, logVkey, startedBy } = workerData as VerificationOrder;
const say = (message: VerificationMessage): void => parentPort?.postMessage(message);

const stop = new AbortController();
const recorded = Promise.withResolvers<boolean | undefined>();
parentPort?.on('message', (instruction: VerificationInstruction) => {
  if (instruction.is === 'stop') stop.abort();
  else recorded.resolve(instruction.isRecorded);
});
const recordEnd: RecordEnd = (end) => {
  say({ is: 'ended', end });
  return recorded.promise;
};

const pool = new pg.Pool({ ...serverConnection(databaseUrl, 'server'), ...verificationLimits });
pool.on('error', () => undefined);
const journal = openJournal(eventLog, pool);
const vault = postgresVault({ pool, masterKeys: masterKeyFiles(stateDir) });
let hashing: Hashing | undefined;
try {
  hashing = startHashing(createSecretKey(await readSecretFile(join(stateDir, 'secrets', 'journal.key'))));
  const { hashEvents } = hashing;
  const begun = await carryOutVerification({
    ...{ pool, journal, vault, hashEvents, startedBy, recordEnd, signal: stop.signal },
    log: { stateDir, policyFile: logPolicy, vkey: logVkey },
    onBegun: (id) => {
      say({ is: 'begun', id });
    },
  });
  if (!begun) say({ is: 'under way already' });
} catch (error) {
  say({ is: 'failed', error });
} finally {
  await hashing?.close();
  await journal.close().catch(() => undefined);
  await pool.end().catch(() => undefined);
  parentPort?.close();
}
