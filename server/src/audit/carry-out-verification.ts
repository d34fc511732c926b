/** Carries out one verification under a lock of the database that only one has, and records how far it came, whatever ends it. */
import type pg from 'pg';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { advisoryLocks } from '../../../ledger/src/postgres-names.ts';
import type { Vault } from '../../../ledger/src/vault/vault.ts';
import type { OutsideLogSettings } from './outside-log.ts';
import { readOutsideLog, rememberLog } from './outside-log.ts';
import type { Verified } from './verify.ts';
import { verifyBank } from './verify.ts';

type Parts = {
  /** At least two connections: one has the lock and records, the other reads. */
  readonly pool: pg.Pool;
  readonly journal: Pick<Journal, 'read'>;
  readonly vault: Pick<Vault, 'openMany'>;
  /** Where what is known of the log outside the database is read and remembered. */
  readonly log: OutsideLogSettings;
  readonly startedBy: string;
  /** Told when its row is there. */
  readonly onBegun: (id: number) => void;
  readonly signal: AbortSignal;
};

const progressEveryMs = 500;

/** False: another is under way, and nothing was done. Rejects when a store cannot be reached; what was begun is recorded as broken off, if it can be. */
export async function carryOutVerification({
  pool,
  journal,
  vault,
  log,
  startedBy,
  onBegun,
  signal,
}: Parts): Promise<boolean> {
  const holder = await pool.connect();
  try {
    const locked = await holder.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
      advisoryLocks.verification,
    ]);
    if (locked.rows[0]?.mine !== true) return false;
    // Whoever has the lock knows that none of these goes on.
    await holder.query(
      `update audit.verifications set failure = 'The server that carried it out is gone.', ended_at = now()
       where ended_at is null`,
    );
    const made = await holder.query<{ id: string; position: string }>(
      `insert into audit.verifications (started_by, position) select $1, position from read.checkpoint
       returning id, position`,
      [startedBy],
    );
    const [row] = made.rows;
    if (row === undefined) throw new Error('the read model has no checkpoint');
    onBegun(Number(row.id));
    await verifyAndRecord(holder, { pool, journal, vault, log, signal }, row);
    return true;
  } finally {
    // With its connection the lock is free again.
    holder.release(true);
  }
}

async function verifyAndRecord(
  holder: pg.PoolClient,
  { pool, journal, vault, log, signal }: Pick<Parts, 'pool' | 'journal' | 'vault' | 'log' | 'signal'>,
  { id, position }: { readonly id: string; readonly position: string },
): Promise<void> {
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
    found = await verifyBank({ journal, reader: pool, vault, outside }, Number(position), { onProgress, signal });
    if (found.seen !== undefined) await rememberLog(log.stateDir, found.seen);
  } catch (error) {
    const reason = signal.aborted
      ? 'The server was stopped.'
      : error instanceof Failure
        ? error.message
        : 'A store could not be read: the server’s log says why.';
    await record(holder, id, { is: 'broken_off', reason, verified, differences: [] });
    if (signal.aborted) return;
    throw error;
  }
  await record(holder, id, found);
}

async function record(holder: pg.PoolClient, id: string, found: Verified): Promise<void> {
  const { accounts, entries, total } = found.is === 'complete' ? found : { accounts: null, entries: null, total: null };
  await holder.query(
    `update audit.verifications set verified = $2, accounts = $3, entries = $4, total = $5, differences = $6, failure = $7,
       log = $8, changed_at = now(), ended_at = now() where id = $1`,
    [
      ...[id, found.verified, accounts, entries, total === null ? null : String(total)],
      ...[JSON.stringify(found.differences), found.is === 'complete' ? null : found.reason],
      found.log === undefined ? null : JSON.stringify(found.log),
    ],
  );
}
