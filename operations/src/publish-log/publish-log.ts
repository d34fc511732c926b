/** Writes the transparency log as static files (c2sp.org/tlog-tiles), so that any web server, CDN or object store can serve it. */
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type pg from 'pg';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';
import type { Checkpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { openCheckpoint, sizePattern } from '../../../ledger/src/transparency/checkpoint.ts';
import { bundleForms } from '../../../ledger/src/transparency/bundle-forms.ts';
import { readPublishedLog, readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { Note } from '../../../ledger/src/transparency/note.ts';
import { noteText, parseVkey } from '../../../ledger/src/transparency/note.ts';
import {
  hashesAt,
  hashesOfRanges,
  tilePath,
  tilesOfRanges,
  tileWidth,
} from '../../../ledger/src/transparency/tiles.ts';
import { hashBytes } from '../../../ledger/src/transparency/tree.ts';
import { replaceFile } from '../../../ledger/src/replace-file.ts';
import { forProofs } from '../../../server/src/log/published-log.ts';
import { nothingSigned } from '../nothing-signed.ts';

export type PublishOptions = {
  readonly pool: pg.Pool;
  readonly journal: Pick<Journal, 'read'>;
  /** The folder; what an earlier call wrote there is continued. */
  readonly to: string;
  /** The entries and whole events as well: for auditors, not for the public. */
  readonly hasEntries: boolean;
  readonly onProgress: OnProgress;
};

export type Published = {
  readonly origin: string;
  readonly size: number;
  /** New files. */
  readonly written: number;
};

type Tree = Checkpoint & { readonly note: Note };

/**
 * A file that is there is never written with other bytes, and the checkpoint comes last: whoever reads while it is
 * written finds every tile that the checkpoint needs. Throws a `Failure`.
 */
export async function publishLog({ pool, to, hasEntries, onProgress, journal }: PublishOptions): Promise<Published> {
  const tree = await readTree(pool);
  const before = await sizePublishedBefore(to, tree, pool);
  const folder = new Folder(to);
  for (let level = 0; hashesAt(level, tree.size) > 0; level++) {
    const count = hashesAt(level, tree.size);
    const first = Math.floor(hashesAt(level, before) / tileWidth);
    for (let index = first; index * tileWidth < count; index++) {
      const [tile] = await readTiles(pool, [{ level, index }]);
      const width = Math.min(tileWidth, count - index * tileWidth);
      const hashes = tile?.hashes.subarray(0, width * hashBytes);
      if (hashes?.length !== width * hashBytes) throw incomplete();
      await folder.write(tilePath(level, index, width), hashes);
      if (level === 0) onProgress({ phase: 'tiles', done: index * tileWidth + width, total: count });
    }
  }
  if (hasEntries) await writeEntries(folder, { journal, size: tree.size, onProgress });
  await folder.replace('checkpoint', noteText(tree.note));
  return { origin: tree.origin, size: tree.size, written: folder.written };
}

async function readTree(pool: pg.Pool): Promise<Tree> {
  const published = forProofs(await readPublishedLog(pool));
  const key = parseVkey(published?.vkey ?? '');
  const tree = key && openCheckpoint(published?.note ?? '', key);
  if (tree === undefined) throw new Failure(nothingSigned);
  const hashes = await rootIn(pool, tree.size);
  if (hashes?.equals(tree.root) !== true) throw incomplete();
  return tree;
}

const incomplete = (): Failure =>
  new Failure('The tiles in the database are not those of the checkpoint: verify the bank (console, Verification).');

async function rootIn(pool: pg.Pool, size: number): Promise<Buffer | undefined> {
  const whole = [{ from: 0, to: size }];
  const hashes = hashesOfRanges(whole, await readTiles(pool, tilesOfRanges(whole)));
  return hashes?.[0];
}

/** In this folder, by an earlier call: 0 for an empty one. */
async function sizePublishedBefore(to: string, { origin, size }: Checkpoint, pool: pg.Pool): Promise<number> {
  const text = await readIfThere(join(to, 'checkpoint'));
  if (text === undefined) return 0;
  const [theirs, digits = '', root] = text.toString().split('\n');
  const where = `${to} holds a checkpoint of ${digits} events of ${String(theirs)}`;
  if (theirs !== origin || !sizePattern.test(digits) || Number(digits) > size) {
    throw new Failure(`${where}, but this log has ${String(size)} of ${origin}: give another folder.`);
  }
  if ((await rootIn(pool, Number(digits)))?.toString('base64') !== root) {
    throw new Failure(`${where} that this log does not continue: keep the folder, and verify the bank.`);
  }
  return Number(digits);
}

async function writeEntries(
  folder: Folder,
  { journal, size, onProgress }: Pick<PublishOptions, 'journal' | 'onProgress'> & { readonly size: number },
): Promise<void> {
  for (let index = 0; index * tileWidth < size; index++) {
    const width = Math.min(tileWidth, size - index * tileWidth);
    const [entries, events] = [tilePath('entries', index, width), tilePath('events', index, width)];
    if (!(await folder.has(entries)) || !(await folder.has(events))) {
      const stored = await readEvents(journal, index * tileWidth, width);
      await folder.write(entries, Buffer.concat(stored.map(bundleForms.entries)));
      await folder.write(events, Buffer.concat(stored.map(bundleForms.events)));
    }
    onProgress({ phase: 'entries', done: index * tileWidth + width, total: size });
  }
}

async function readEvents(
  journal: Pick<Journal, 'read'>,
  after: number,
  count: number,
): Promise<readonly JournalEvent[]> {
  const events = await journal.read({ from: after + 1, limit: count });
  if (events.length === count) return events;
  throw new Failure(`The journal lacks events after ${String(after)}: verify the bank (console, Verification).`);
}

class Folder {
  readonly #path: string;
  written = 0;

  constructor(path: string) {
    this.#path = path;
  }

  async has(name: string): Promise<boolean> {
    return (await readIfThere(join(this.#path, name))) !== undefined;
  }

  /** Throws a `Failure` where other bytes are there. */
  async write(name: string, bytes: Buffer): Promise<void> {
    const path = join(this.#path, name);
    const there = await readIfThere(path);
    if (there?.equals(bytes) === true) return;
    if (there !== undefined) {
      throw new Failure(`${path} holds something else than this log: keep the folder, and publish to another one.`);
    }
    await this.replace(name, bytes);
    this.written++;
  }

  async replace(name: string, content: Buffer | string): Promise<void> {
    const path = join(this.#path, name);
    try {
      await mkdir(dirname(path), { recursive: true });
      await replaceFile(path, content, publicMode);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Failure(`${path} cannot be written (${reason}): make room or the right, or give another folder.`);
    }
  }
}

/** Whoever serves the folder may be another account. */
const publicMode = 0o644;

async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw new Failure(`${path} cannot be read (${String(error)}): give another folder.`);
  }
}
