/** The signer: follows the journal, keeps the tree in tiles and signs its checkpoints; one at a time, the others stand by. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Logger } from 'pino';
import { backOff } from '../../../ledger/src/back-off.ts';
import { within } from '../../../ledger/src/bounded-wait.ts';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { advisoryLocks } from '../../../ledger/src/postgres-names.ts';
import { signCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../../ledger/src/transparency/entry.ts';
import type { Note, SigningKey } from '../../../ledger/src/transparency/note.ts';
import { noteText } from '../../../ledger/src/transparency/note.ts';
import type { Edge, Tile } from '../../../ledger/src/transparency/tiles.ts';
import { grow, rootOfEdge } from '../../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../../ledger/src/transparency/tree.ts';
import { writeSigned } from './last-signed.ts';
import { resume, SigningStopped } from './resume.ts';

/** A checkpoint as it is published. */
export type Cosigned = { readonly note: Note; readonly isEnough: boolean };

export type SignerOptions = {
  readonly journal: Journal;
  /** Makes a new connection, not yet connected, with the signer's role. */
  readonly connection: () => pg.Client;
  readonly key: SigningKey;
  /** Where the last checkpoint that was signed is remembered. */
  readonly signedFile: string;
  /** Adds what the witnesses gave in time. */
  readonly cosign: (client: pg.Client, note: Note, size: number, signal: AbortSignal) => Promise<Cosigned>;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** Called each time it holds the lock, or learns that another signer does. */
  readonly onLock?: (state: 'working' | 'standing by') => void;
  readonly signal: AbortSignal;
};

/** As often as something new is signed. */
const signEveryMs = 1_000;
const standbyPollMs = 500;
/** A judgement. */
const endWithinMs = 1_500;
const waitMs = backOff({ firstMs: 100, mostMs: 5_000 });
/** So many events are signed at once at most, when there is much to catch up with: a judgement. */
const mostUnsigned = 50_000;

/**
 * Runs until `signal` aborts, through lost connections. Rejects with `SigningStopped` when journal, tiles and what was
 * signed do not fit together, and the checkpoint's row says why; with a `Failure` for what was set up wrongly.
 */
export async function runSigner(options: SignerOptions): Promise<void> {
  const { signal, log } = options;
  let failures = 0;
  while (!signal.aborted) {
    const client = options.connection();
    const lost = new AbortController();
    client.on('error', (error) => {
      log.warn({ err: error }, 'the signer lost its connection to the database');
      lost.abort();
    });
    const ended = AbortSignal.any([signal, lost.signal]);
    try {
      await client.connect();
      if (await acquireLock(client, options, ended)) {
        await sign(client, options, ended, () => {
          failures = 0;
        });
      }
    } catch (error) {
      if (error instanceof SigningStopped || error instanceof Failure) {
        await client.query('update log.checkpoint set stopped = $1', [error.message]).catch(() => undefined);
      }
      if (error instanceof SigningStopped || error instanceof Failure) throw error;
      if (!isAborted(signal)) log.warn({ err: error }, 'the signer was interrupted and tries again');
    } finally {
      // Gives the lock back. A database that does not answer is not waited for.
      await within(client.end(), endWithinMs).catch(() => undefined);
    }
    await sleep(waitMs(failures++), undefined, { signal }).catch(() => undefined);
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** The lock belongs to the connection that publishes: nothing is published without it. */
async function acquireLock(client: pg.Client, { log, onLock }: SignerOptions, ended: AbortSignal): Promise<boolean> {
  let isStandingBy = false;
  while (!ended.aborted) {
    const { rows } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
      advisoryLocks.signer,
    ]);
    if (rows[0]?.mine === true) {
      log.info('the signer works');
      onLock?.('working');
      return true;
    }
    if (!isStandingBy) {
      log.info('another signer works; this one stands by');
      onLock?.('standing by');
      isStandingBy = true;
    }
    await sleep(standbyPollMs, undefined, { signal: ended }).catch(() => undefined);
  }
  return false;
}

async function sign(
  client: pg.Client,
  options: SignerOptions,
  ended: AbortSignal,
  onProgress: () => void,
): Promise<void> {
  const { journal } = options;
  const resumed = await resume({ client, ...options });
  await client.query('update log.checkpoint set stopped = null where stopped is not null');
  let { edge, published } = resumed;
  const changed = new Map<string, Tile>();
  const take = (tiles: readonly Tile[]): void => {
    for (const tile of tiles) changed.set(`${String(tile.level)}/${String(tile.index)}`, tile);
  };
  take(resumed.tiles);
  let signedAt = performance.now() - signEveryMs;
  const turn = async (): Promise<void> => {
    await publish(client, options, { edge, published, tiles: [...changed.values()] }, ended);
    published = edge.size;
    changed.clear();
    signedAt = performance.now();
    onProgress();
  };
  if (edge.size > published) await turn();
  const following = new AbortController();
  const signal = AbortSignal.any([ended, following.signal]);
  for await (const step of journal.follow({ after: edge.size, signal })) {
    try {
      if ('events' in step) {
        const grown = grow(edge, leavesOf(step.events, edge.size));
        edge = grown.edge;
        take(grown.tiles);
      }
      const dueInMs = signedAt + signEveryMs - performance.now();
      const isNew = edge.size > published;
      if (isNew && dueInMs > 0 && 'caughtUpAt' in step) await sleep(dueInMs, undefined, { signal });
      if (isNew && (dueInMs <= 0 || 'caughtUpAt' in step || edge.size - published >= mostUnsigned)) await turn();
    } catch (error) {
      // The follower may be waiting for events that never come: it has to end before the loop can.
      following.abort();
      throw error;
    }
    if (ended.aborted) return;
  }
}

function leavesOf(events: readonly JournalEvent[], after: number): readonly Buffer[] {
  return events.map((event, n) => {
    if (event.position !== after + n + 1) throw new SigningStopped(`the journal lacks event ${String(after + n + 1)}`);
    return leafHash(entryOf(event));
  });
}

type Turn = { readonly edge: Edge; readonly published: number; readonly tiles: readonly Tile[] };

/** Tiles first, then the signature in the signer's own file, then the witnesses, then everybody. */
async function publish(
  client: pg.Client,
  { journal, key, signedFile, cosign, log }: SignerOptions,
  { edge, published, tiles }: Turn,
  ended: AbortSignal,
): Promise<void> {
  if ((await journal.head()) < edge.size) {
    throw new SigningStopped(`the journal ended before event ${String(edge.size)} while it was signed`);
  }
  await writeTiles(client, tiles);
  const note = signCheckpoint(key, { origin: key.name, size: edge.size, root: rootOfEdge(edge) });
  await writeSigned(signedFile, noteText(note));
  const cosigned = await cosign(client, note, edge.size, ended);
  const { rowCount } = await client.query(
    `update log.checkpoint set size = $1, note = $2, signed_at = now(),
       cosigned_size = case when $3 then $1 else cosigned_size end,
       cosigned_note = case when $3 then $2 else cosigned_note end,
       cosigned_at = case when $3 then now() else cosigned_at end
     where size = $4 and origin = $5`,
    [edge.size, noteText(cosigned.note), cosigned.isEnough, published, key.name],
  );
  if (rowCount !== 1) throw new Error('the checkpoint was moved by another program');
  log.info({ size: edge.size, cosignatures: cosigned.note.signatures.length - 1 }, 'a checkpoint was signed');
}

/** What is there may be longer, after a crash, but never different: the table refuses it. */
async function writeTiles(client: pg.Client, tiles: readonly Tile[]): Promise<void> {
  try {
    await client.query(
      `insert into log.tiles as stored (level, index, hashes)
       select * from unnest($1::smallint[], $2::bigint[], $3::bytea[])
       on conflict (level, index) do update set hashes = case
         when substring(stored.hashes for octet_length(excluded.hashes)) = excluded.hashes then stored.hashes
         else excluded.hashes end`,
      [tiles.map(({ level }) => level), tiles.map(({ index }) => index), tiles.map(({ hashes }) => hashes)],
    );
  } catch (error) {
    if (!isCode(error, '42501')) throw error;
    throw new SigningStopped('the tiles in the database are not those of this journal');
  }
}
