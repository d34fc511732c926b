/** Carries out one verification under a lock of the database that only one has, and records how far it came, whatever ends it. */
import type pg from 'pg';
import { Failure } from '../../../ledger/src/failure.ts';
import { commandKey } from '../../../ledger/src/journal/command-key.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { advisoryLocks } from '../../../ledger/src/postgres-names.ts';
import type { Vault } from '../../../ledger/src/vault/vault.ts';
import type { Difference } from './difference.ts';
import type { HashEvents } from './event-hashes.ts';
import type { OutsideLogSettings } from './outside-log.ts';
import { readOutsideLog, rememberLog } from './outside-log.ts';
import type { RecordEnd } from './record-verification.ts';
import { verificationCommandId } from './record-verification.ts';
import { rowTextSql } from './verification-row.ts';
import type { Verified } from './verify.ts';
import { verifyBank } from './verify.ts';

type Parts = {
  /** At least two connections: one has the lock and records, the other reads. */
  readonly pool: pg.Pool;
  readonly journal: Pick<Journal, 'read'>;
  readonly vault: Pick<Vault, 'openMany'>;
  readonly hashEvents: HashEvents;
  /** Where what is known of the log outside the database is read and remembered. */
  readonly log: OutsideLogSettings;
  readonly startedBy: string;
  /** Told when its row is there. */
  readonly onBegun: (id: number) => void;
  /** Writes the result to the journal, before the row says that there is one. */
  readonly recordEnd: RecordEnd;
  readonly signal: AbortSignal;
};

const progressEveryMs = 500;

/** False: another is under way, and nothing was done. Rejects when a store cannot be reached; what was begun is recorded as broken off, if it can be. */
export async function carryOutVerification({
  pool,
  journal,
  vault,
  hashEvents,
  log,
  startedBy,
  onBegun,
  recordEnd,
  signal,
}: Parts): Promise<boolean> {
  const holder = await pool.connect();
  try {
    const locked = await holder.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
      advisoryLocks.verification,
    ]);
    if (locked.rows[0]?.mine !== true) return false;
    // Whoever has the lock knows that none of these goes on.
    await endAbandoned(holder);
    const made = await holder.query<{ id: string; position: string }>(
      `insert into audit.verifications (started_by, position) select $1, position from read.checkpoint
       returning id, position`,
      [startedBy],
    );
    const [row] = made.rows;
    if (row === undefined) throw new Error('the read model has no checkpoint');
    onBegun(Number(row.id));
    await verifyAndRecord(holder, { pool, journal, vault, hashEvents, log, recordEnd, signal }, row);
    return true;
  } finally {
    // With its connection the lock is free again.
    holder.release(true);
  }
}

/** One whose result is in the journal already ended with it; of any other nothing is known but that its server is gone. */
async function endAbandoned(holder: pg.PoolClient): Promise<void> {
  const { rows } = await holder.query<{ id: string }>('select id from audit.verifications where ended_at is null');
  for (const { id } of rows) {
    const recorded = await holder.query('select from read.idempotency_keys where key = $1', [
      commandKey(verificationCommandId(Number(id))),
    ]);
    await holder.query(
      recorded.rowCount === 0
        ? `update audit.verifications set failure = 'The server that carried it out is gone.', ended_at = now() where id = $1`
        : 'update audit.verifications set ended_at = changed_at where id = $1',
      [id],
    );
  }
}

async function verifyAndRecord(
  holder: pg.PoolClient,
  parts: Pick<Parts, 'pool' | 'journal' | 'vault' | 'hashEvents' | 'log' | 'recordEnd' | 'signal'>,
  { id, position }: { readonly id: string; readonly position: string },
): Promise<void> {
  const { pool, journal, vault, hashEvents, log, recordEnd, signal } = parts;
  let verified = 0;
  let recordedAt = 0;
  const onProgress = async (now: number): Promise<void> => {
    verified = now;
    if (performance.now() - recordedAt < progressEveryMs) return;
    recordedAt = performance.now();
    await holder.query('update audit.verifications set verified = $2, changed_at = now() where id = $1', [id, now]);
  };
  let found: Verified;
  try {
    const outside = await readOutsideLog(log, signal);
    found = await verifyBank({ journal, reader: pool, vault, hashEvents, outside }, Number(position), {
      onProgress,
      signal,
    });
    if (found.seen !== undefined) await rememberLog(log.stateDir, found.seen);
  } catch (error) {
    const reason = signal.aborted
      ? 'The server was stopped.'
      : error instanceof Failure
        ? error.message
        : 'A store could not be read: the server’s log says why.';
    await record(holder, id, { is: 'broken_off', reason, verified, differences: [] }, recordEnd);
    if (signal.aborted) return;
    throw error;
  }
  await record(holder, id, found, recordEnd);
}

/** The journal first: a result that only the row has could be anybody's. */
async function record(holder: pg.PoolClient, id: string, found: Verified, recordEnd: RecordEnd): Promise<void> {
  const { accounts, entries, total } = found.is === 'complete' ? found : { accounts: null, entries: null, total: null };
  const stored = await holder.query<{ row: Record<string, string> }>(
    `update audit.verifications set verified = $2, accounts = $3, entries = $4, total = $5, differences = $6, failure = $7,
       log = $8, changed_at = now() where id = $1 returning ${rowTextSql} as row`,
    [
      ...[id, found.verified, accounts, entries, total === null ? null : String(total)],
      ...[JSON.stringify(found.differences), found.is === 'complete' ? null : found.reason],
      found.log === undefined ? null : JSON.stringify(found.log),
    ],
  );
  const { differences = '', ...row } = stored.rows[0]?.row ?? {};
  const isRecorded = await recordEnd({
    ...{ verification: Number(id), verified: found.verified, outcome: outcomeOf(found) },
    differences: countByTable(found.differences),
    differencesHash: differences,
    ...(found.log !== undefined && { checkpointSize: found.log.signed }),
    row,
  });
  // Whoever begins the next one finds out.
  if (isRecorded === undefined) return;
  await holder.query(
    isRecorded
      ? 'update audit.verifications set ended_at = changed_at where id = $1'
      : `update audit.verifications set failure = coalesce(failure, 'Its result could not be written to the journal.'),
           ended_at = changed_at where id = $1`,
    [id],
  );
}

const outcomeOf = (found: Verified): 'passed' | 'differs' | 'broken_off' => {
  if (found.is === 'broken_off') return 'broken_off';
  return found.differences.length === 0 && found.total === 0n ? 'passed' : 'differs';
};

function countByTable(differences: readonly Difference[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { table } of differences) counts[table] = (counts[table] ?? 0) + 1;
  return counts;
}
