/** The projector: keeps the read model in step with the journal; one at a time, the others stand by. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { BrokenHistory } from '../../ledger/src/domain/account.ts';
import { UnknownEvent } from '../../ledger/src/domain/codec.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { applyBatch } from './apply.ts';
import { gather, ready } from './batches.ts';
import type { OpenProfile } from './holders.ts';

export type ProjectorOptions = {
  readonly journal: Journal;
  /** Makes a new connection, not yet connected, whose `search_path` is the read model. */
  readonly connection: () => pg.Client;
  readonly openProfile: OpenProfile;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Called each time it holds the turn, or learns that another projector does. */
  readonly onTurn?: (turn: 'working' | 'standing by') => void;
  /** Ends the projector after the batch under way. */
  readonly signal: AbortSignal;
};

/** Any number will do, so long as nothing else in this database locks it. */
const lockKey = 7_241_002;
/** How often a standby looks whether the turn is free. Waiting inside the lock would hold back the database's vacuum. */
const standbyPollMs = 500;
const firstBackoffMs = 100;
const longestBackoffMs = 5000;

/**
 * Runs until `signal` aborts, through lost connections. Rejects with `BrokenHistory` or `UnknownEvent` when the journal
 * does not fit the read model: trying again would not help, and the checkpoint's row says why it stopped.
 */
export async function runProjector(options: ProjectorOptions): Promise<void> {
  const { signal, log } = options;
  let backoffMs = firstBackoffMs;
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
      if (await takeTurn(client, options, ended)) {
        await project(client, options, ended, () => {
          backoffMs = firstBackoffMs;
        });
      }
    } catch (error) {
      if (error instanceof BrokenHistory || error instanceof UnknownEvent) {
        const halted = 'update checkpoint set halted = $1, updated_at = now()';
        await client.query(halted, [error.message]).catch(() => undefined);
        throw error;
      }
      log.warn({ err: error, backoffMs }, 'the projector was interrupted and tries again');
    } finally {
      // Gives the turn back.
      await client.end().catch(() => undefined);
    }
    await sleep(backoffMs, undefined, { signal }).catch(() => undefined);
    backoffMs = Math.min(backoffMs * 2, longestBackoffMs);
  }
}

/**
 * The turn is a lock that belongs to the connection which writes: who loses the one loses the other, and there is no
 * moment at which a projector writes without its turn. False when told to end before.
 */
async function takeTurn(client: pg.Client, { log, onTurn }: ProjectorOptions, ended: AbortSignal): Promise<boolean> {
  let told = false;
  while (!ended.aborted) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [lockKey]);
    if (rows[0]?.mine === true) {
      log.info('the projector works');
      onTurn?.('working');
      return true;
    }
    if (!told) {
      log.info('another projector works; this one stands by');
      onTurn?.('standing by');
      told = true;
    }
    await sleep(standbyPollMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return false;
}

async function project(
  client: pg.Client,
  { journal, openProfile }: ProjectorOptions,
  ended: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { rows: checkpoint } = await client.query<{ position: string }>('select position from checkpoint');
  const after = Number(checkpoint[0]?.position);
  const head = await journal.head();
  if (head < after) {
    throw new BrokenHistory(`the read model stands at ${String(after)}, but the journal ends at ${String(head)}`);
  }
  const following = new AbortController();
  const signal = AbortSignal.any([ended, following.signal]);
  for await (const batch of ready(gather(journal.follow({ after, signal })), openProfile)) {
    try {
      if (!(await applyBatch(client, batch))) throw new Error('the checkpoint was moved by another hand');
    } catch (error) {
      // The follower may be waiting for events that never come: it has to end before the loop can.
      following.abort();
      throw error;
    }
    onProgress();
    if (ended.aborted) return;
  }
}
