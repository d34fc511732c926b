/** Where signing goes on: the tree as it was signed last, compared with the journal, the tiles and the signer's own file before anything new is signed. */
import type pg from 'pg';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Checkpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { openCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../../ledger/src/transparency/entry.ts';
import { readPublishedLog, readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { vkeyOf } from '../../../ledger/src/transparency/note.ts';
import type { Edge, Tile } from '../../../ledger/src/transparency/tiles.ts';
import {
  edgeTiles,
  grow,
  hashesOfRanges,
  rootOfEdge,
  tilesOfRanges,
  tileWidth,
} from '../../../ledger/src/transparency/tiles.ts';
import { emptyRoot, hashBytes, leafHash } from '../../../ledger/src/transparency/tree.ts';
import { readSigned } from './last-signed.ts';

/** What was signed and what there is do not fit together: nothing is signed until somebody has found out why. */
export class SigningStopped extends Error {
  override readonly name = 'SigningStopped';
}

export type Resumed = {
  /** The tree as it was signed last. */
  readonly edge: Edge;
  /** The size of the checkpoint in the database. */
  readonly published: number;
  /** What was signed and has not reached the database. */
  readonly tiles: readonly Tile[];
};

type Options = {
  readonly client: pg.Client;
  readonly journal: Journal;
  readonly key: SigningKey;
  readonly signedFile: string;
};

const readAtOnce = 1_000;

/** Throws `SigningStopped`, or a `Failure` for what was set up wrongly. */
export async function resume({ client, journal, key, signedFile }: Options): Promise<Resumed> {
  const published = await readPublished(client, key);
  const signed = await readOwn(signedFile, key);
  if (signed === undefined && published.size > 0) throw new SigningStopped(forgotten(signedFile, published.size));
  const edge = await readEdge(client, published);
  const head = await journal.head();
  const last = Math.max(published.size, signed?.size ?? 0);
  if (head < last) {
    throw new SigningStopped(
      `the journal ends at ${String(head)}, but a checkpoint of ${String(last)} events was signed`,
    );
  }
  await compareNewest(client, journal, published.size);
  if (signed === undefined || signed.size <= published.size) {
    if (signed !== undefined) await compareOlder(client, signed);
    return { edge, published: published.size, tiles: [] };
  }
  // A crash came between signing and publishing.
  const tiles: Tile[] = [];
  let grown = edge;
  while (grown.size < signed.size) {
    const step = grow(grown, await readLeaves(journal, grown.size, Math.min(readAtOnce, signed.size - grown.size)));
    grown = step.edge;
    tiles.push(...step.tiles);
  }
  if (!rootOfEdge(grown).equals(signed.root)) throw otherHistory(signed.size);
  return { edge: grown, published: published.size, tiles };
}

const otherHistory = (size: number): SigningStopped =>
  new SigningStopped(`the journal's first ${String(size)} events are not those of the checkpoint that was signed`);

type Signed = Pick<Checkpoint, 'size' | 'root'>;
const nothing: Signed = { size: 0, root: emptyRoot };

async function readPublished(client: pg.Client, key: SigningKey): Promise<Signed> {
  const vkey = vkeyOf(key);
  await client.query('insert into log.checkpoint (origin, vkey) values ($1, $2) on conflict do nothing', [
    key.name,
    vkey,
  ]);
  const row = await readPublishedLog(client);
  if (row === undefined) throw new Error('the database did not remember the log');
  if (row.origin !== key.name || row.vkey !== vkey) {
    throw new Failure(
      `The log in the database is ${row.vkey}, but the key here is ${vkey}: bring back the file of the signing key and LOG_ORIGIN, or begin a new log (npm run signing -- new-log).`,
    );
  }
  if (row.note === null) return nothing;
  const opened = openCheckpoint(row.note, key);
  if (opened?.size !== row.size)
    throw new SigningStopped('the checkpoint in the database is not the one that was signed');
  return opened;
}

/** After a restore nobody here knows what was signed since the backup; the witnesses and everybody else do. */
const forgotten = (path: string, size: number): string =>
  `this log was signed up to ${String(size)} at least, and ${path}, which remembers up to where, is missing: npm run signing (docs/decisions/proofs.md, “After a restore”)`;

async function readOwn(path: string, key: SigningKey): Promise<Signed | undefined> {
  const text = await readSigned(path);
  if (text === undefined) return undefined;
  const opened = openCheckpoint(text, key);
  if (opened !== undefined) return opened;
  throw new Failure(`${path} holds no checkpoint of ${key.name} under this key: bring back the file, or the key.`);
}

async function readEdge(client: pg.Client, { size, root }: Signed): Promise<Edge> {
  const names = edgeTiles(size);
  const tiles = await readTiles(client, names);
  const partial = names.map(({ level, index, width }) => {
    const tile = tiles.find((one) => one.level === level && one.index === index);
    return (tile?.hashes ?? Buffer.alloc(0)).subarray(0, width * hashBytes);
  });
  const isWhole = names.every(({ width }, at) => partial[at]?.length === width * hashBytes);
  const edge = { size, partial };
  if (!isWhole || !rootOfEdge(edge).equals(root)) {
    throw new SigningStopped(`the tiles of ${String(size)} events are not those of the checkpoint that was signed`);
  }
  return edge;
}

/** The newest events are compared with their leaves; all of them are by the verification. */
async function compareNewest(client: pg.Client, journal: Journal, size: number): Promise<void> {
  if (size === 0) return;
  const index = Math.floor((size - 1) / tileWidth);
  const [tile] = await readTiles(client, [{ level: 0, index }]);
  const first = index * tileWidth;
  const leaves = Buffer.concat(await readLeaves(journal, first, size - first));
  if (tile?.hashes.subarray(0, leaves.length).equals(leaves) !== true) throw otherHistory(size);
}

/** The file may be older than the database: another signer of this log published since. */
async function compareOlder(client: pg.Client, { size, root }: Signed): Promise<void> {
  if (size === 0) return;
  const whole = [{ from: 0, to: size }];
  const hashes = hashesOfRanges(whole, await readTiles(client, tilesOfRanges(whole)));
  if (hashes?.[0]?.equals(root) !== true) throw otherHistory(size);
}

async function readLeaves(journal: Journal, after: number, count: number): Promise<readonly Buffer[]> {
  const events = await journal.read({ from: after + 1, limit: count });
  if (events.length < count || events.at(-1)?.position !== after + count) {
    throw new SigningStopped(`the journal lacks events between ${String(after + 1)} and ${String(after + count)}`);
  }
  return events.map((event) => leafHash(entryOf(event)));
}
