/** The projector: follows the journal and updates the read model; one at a time, the others stand by. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { backOff } from '../../ledger/src/back-off.ts';
import { within } from '../../ledger/src/bounded-wait.ts';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import { UnreadableEvent } from '../../ledger/src/domain/unreadable-event.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import type { Tracer } from '../../ledger/src/tracing/tracer.ts';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { applyBatch } from './apply.ts';
import { collectBatch, prefetch } from './batches.ts';
import type { DecryptProfiles } from './customer-names.ts';

export type ProjectorOptions = {
  readonly journal: Journal;
  /** Makes a new connection, not yet connected, whose `search_path` is the read model. */
  readonly connection: () => pg.Client;
  readonly decryptProfiles: DecryptProfiles;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Absent while traces are off. */
  readonly tracer?: Tracer;
  /** Called each time it holds the lock, or learns that another projector does. */
  readonly onLock?: (state: 'working' | 'standing by') => void;
  /** Ends the projector after the batch it is writing. */
  readonly signal: AbortSignal;
};

/** How often a standby tries the lock. Waiting inside the statement would hold back the database's vacuum. */
const standbyPollMs = 500;
/** A judgement. */
const endWithinMs = 1_500;
const waitMs = backOff({ firstMs: 100, mostMs: 5_000 });

/**
 * Runs until `signal` aborts, through lost connections. At an event that cannot be read it waits until that is mended;
 * log and checkpoint's row name it. Rejects with `BrokenHistory` when the journal does not fit the read model: trying
 * again would not help, and the checkpoint's row says why it stopped.
 */
export async function runProjector(options: ProjectorOptions): Promise<void> {
  const { signal, log } = options;
  let failures = 0;
  let named: string | undefined;
  while (!signal.aborted) {
    const client = options.connection();
    const lost = new AbortController();
    client.on('error', (error) => {
      log.warn({ err: error }, 'the projector lost its connection to the database');
      lost.abort();
    });
    const ended = AbortSignal.any([signal, lost.signal]);
    try {
      await client.connect();
      if (await acquireLock(client, options, ended)) {
        await project(client, options, ended, () => {
          failures = 0;
        });
      }
    } catch (error) {
      if (error instanceof BrokenHistory) {
        const halted = 'update checkpoint set halted = $1, updated_at = now()';
        await client.query(halted, [error.message]).catch(() => undefined);
        throw error;
      }
      if (error instanceof UnreadableEvent) {
        if (named !== error.message)
          log.warn(placeOf(error), `${error.message}: the projector waits until it is mended`);
        named = error.message;
        await client.query(waiting, [error.position, error.reason]).catch(() => undefined);
      } else {
        log.warn({ err: error, backoffMs: waitMs(failures) }, 'the projector was interrupted and tries again');
      }
    } finally {
      // Gives the lock back. A database that does not answer is not waited for: it finds by itself that nobody is there.
      await within(client.end(), endWithinMs).catch(() => undefined);
    }
    await sleep(waitMs(failures++), undefined, { signal }).catch(() => undefined);
  }
}

const waiting = 'update checkpoint set unreadable_position = $1, unreadable_reason = $2, updated_at = now()';

const placeOf = ({ position, reason }: UnreadableEvent) => ({ position, reason });

/**
 * The lock belongs to the connection that writes: losing the one is losing the other, and there is no moment at which a
 * projector writes without its lock. False when told to end before.
 */
async function acquireLock(client: pg.Client, { log, onLock }: ProjectorOptions, ended: AbortSignal): Promise<boolean> {
  let isStandingBy = false;
  while (!ended.aborted) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
      advisoryLocks.projector,
    ]);
    if (rows[0]?.mine === true) {
      log.info('the projector works');
      onLock?.('working');
      return true;
    }
    if (!isStandingBy) {
      log.info('another projector works; this one stands by');
      onLock?.('standing by');
      isStandingBy = true;
    }
    await sleep(standbyPollMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return false;
}

async function project(
  client: pg.Client,
  { journal, decryptProfiles, tracer }: ProjectorOptions,
  ended: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { rows: checkpoint } = await client.query<{ position: string }>('select position from checkpoint');
  const after = Number(checkpoint[0]?.position);
  const head = await journal.head();
  if (head < after) {
    throw new BrokenHistory(`the read model is at ${String(after)}, but the journal ends at ${String(head)}`);
  }
  const following = new AbortController();
  const signal = AbortSignal.any([ended, following.signal]);
  for await (const batch of prefetch(collectBatch(journal.follow({ after, signal })), decryptProfiles, tracer)) {
    try {
      if (!(await applyBatch(client, batch))) throw new Error('the checkpoint was moved by another program');
    } catch (error) {
      // The follower may be waiting for events that never come: it has to end before the loop can.
      following.abort();
      throw error;
    }
    batch.span?.end();
    onProgress();
    if (ended.aborted) return;
  }
}
