/** Builds the read model again from the journal's first event, beside the one in use, compares the two and swaps them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import { decode } from '../../ledger/src/domain/codec.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { applyBatch } from './apply.ts';
import { batchSize, prefetch } from './batches.ts';
import type { Comparison } from './compare.ts';
import { compareTables } from './compare.ts';
import type { DecryptProfiles } from './customer-names.ts';
import { makeShadowTables, swapTables } from './shadow-tables.ts';

export type RebuildOptions = {
  readonly journal: Journal;
  readonly decryptProfiles: DecryptProfiles;
  /** Two connections of the schemas' owner: one for the tables, one to compare. */
  readonly owner: pg.Client;
  readonly observer: pg.Client;
  /** A projector's connection whose `search_path` is `read_next`. */
  readonly writer: pg.Client;
  readonly onProgress: (progress: { readonly position: number; readonly target: number }) => void;
  /** The journal was restored from an older backup: what the read model in use shows beyond its end is given up. Without, that is broken history. */
  readonly discardsBeyond?: boolean;
};

export type Rebuilt = { readonly position: number; readonly comparisons: readonly Comparison[] };

/** The read model in use moves on meanwhile; so many times the rebuild catches up with it before it is made to wait. A judgement. */
const mostRounds = 10;
/** Shorter than PostgreSQL waits before it looks for deadlocks, in which it might pick the reader. */
const dropLockTimeoutMs = 500;
const mostDropAttempts = 20;

/**
 * The projector goes on working, save for two moments in which it waits for the tail of the rebuild. The rebuilt tables
 * never go past those in use, so that the checkpoint does not move when they are swapped.
 */
export async function rebuild(options: RebuildOptions): Promise<Rebuilt | 'under way already'> {
  const { owner, observer, journal, discardsBeyond = false } = options;
  const { rows } = await owner.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
    advisoryLocks.rebuild,
  ]);
  if (rows[0]?.mine !== true) return 'under way already';
  await makeShadowTables(owner);

  const end = discardsBeyond ? await journal.head() : Number.POSITIVE_INFINITY;
  const targetOf = async (): Promise<number> => Math.min(await positionInUse(owner), end);
  let position = 0;
  const catchUp = async (target: number): Promise<void> => {
    await advance(options, position, target);
    position = target;
  };
  for (let round = 0; round < mostRounds; round += 1) {
    const target = await targetOf();
    await catchUp(target);
    if ((await targetOf()) - target <= batchSize) break;
  }

  // Readers pass this lock, the projector does not: for a moment both read models are at the same position.
  await owner.query('begin');
  await owner.query('lock table read.checkpoint in share row exclusive mode');
  await catchUp(await targetOf());
  await observer.query('begin isolation level repeatable read, read only');
  await observer.query('select position from read.checkpoint');
  await owner.query('rollback');
  const comparisons = await compareTables(observer);
  await observer.query('rollback');

  await owner.query('begin');
  await owner.query('lock table read.checkpoint in access exclusive mode');
  await catchUp(await targetOf());
  await swapTables(owner);
  await owner.query('commit');
  await dropOldTables(owner);
  return { position, comparisons };
}

async function positionInUse(owner: pg.Client): Promise<number> {
  const { rows } = await owner.query<{ position: string }>('select position from read.checkpoint');
  return Number(rows[0]?.position);
}

async function advance(options: RebuildOptions, after: number, target: number): Promise<void> {
  const { journal, decryptProfiles, writer, onProgress } = options;
  for await (const batch of prefetch(eventsUpTo(journal, after, target), decryptProfiles)) {
    if (!(await applyBatch(writer, batch))) throw new Error('the rebuilt tables were written by another program');
    onProgress({ position: batch.rows.position, target });
  }
}

async function* eventsUpTo(journal: Journal, after: number, target: number): AsyncGenerator<readonly Recorded[]> {
  for (let position = after; position < target;) {
    const events = await journal.read({ from: position + 1, limit: Math.min(batchSize, target - position) });
    if (events.length === 0) {
      throw new BrokenHistory(`the read model is at ${String(target)}, but the journal ends at ${String(position)}`);
    }
    position += events.length;
    yield events.map(decode);
  }
}

/** Whoever still reads the old tables is not made to wait; the next rebuild drops what stays. */
async function dropOldTables(owner: pg.Client): Promise<void> {
  for (let attempt = 0; attempt < mostDropAttempts; attempt += 1) {
    try {
      await owner.query(`set lock_timeout = '${String(dropLockTimeoutMs)}ms'`);
      await owner.query('drop schema read_old cascade');
      return;
    } catch (error) {
      if (!isLockTimeout(error)) throw error;
      await sleep(dropLockTimeoutMs);
    }
  }
}

const isLockTimeout = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '55P03';
