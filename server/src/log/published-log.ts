/** The transparency log as it is published: the last checkpoint, and tiles up to it and no further. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { PublishedLog as Row } from '../../../ledger/src/transparency/log-tables.ts';
import { readPublishedLog, readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { Tile, TileName } from '../../../ledger/src/transparency/tiles.ts';
import { hashesAt, parseTileIndex, tileWidth } from '../../../ledger/src/transparency/tiles.ts';
import { hashBytes } from '../../../ledger/src/transparency/tree.ts';

/** A checkpoint that was published; its note is the text as it was signed, cosignatures included. */
export type Published = {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  readonly note: string;
  readonly signedAtMs: number;
};

export type PublishedLog = {
  /** Undefined where nothing was signed yet. */
  readonly latest: () => Promise<Published | undefined>;
  /**
   * The checkpoint that proofs are made with, once it includes this index: the last one that enough witnesses cosigned,
   * or, where none ever was, the last one signed. `late` when none includes it in time; undefined where nothing was signed.
   */
  readonly including: (index: number, signal: AbortSignal) => Promise<Published | 'late' | undefined>;
  /** The hashes of a tile by its name; undefined where the published tree has no such tile. */
  readonly tile: (level: number, path: string) => Promise<Buffer | undefined>;
  readonly tiles: (names: readonly TileName[]) => Promise<readonly Tile[]>;
};

/** However many ask: the row is read this often at most. */
const readEveryMs = 200;
/** As long as a read with a position waits. */
const waitMs = 2_000;

export function publishedLog({ pool }: { readonly pool: pg.Pool }): PublishedLog {
  let last: { readonly readAtMs: number; readonly row: Promise<Row | undefined> } | undefined;

  function row(): Promise<Row | undefined> {
    const nowMs = performance.now();
    if (last === undefined || nowMs - last.readAtMs >= readEveryMs) {
      const reading = { readAtMs: nowMs, row: readPublishedLog(pool) };
      last = reading;
      // What failed is not kept.
      reading.row.catch(() => {
        if (last === reading) last = undefined;
      });
    }
    return last.row;
  }

  const latest = async (): Promise<Published | undefined> => latestOf(await row());
  return {
    latest,

    async including(index, signal) {
      const untilMs = performance.now() + waitMs;
      for (;;) {
        const published = forProofs(await row());
        if (published === undefined || published.size > index) return published;
        if (performance.now() >= untilMs) return 'late';
        await sleep(readEveryMs, undefined, { signal });
      }
    },

    async tile(level, path) {
      const name = parseTileIndex(path);
      const size = (await latest())?.size ?? 0;
      if (name === undefined || hashesAt(level, size) < name.index * tileWidth + name.width) return undefined;
      const [found] = await readTiles(pool, [{ level, index: name.index }]);
      const hashes = found?.hashes.subarray(0, name.width * hashBytes);
      return hashes?.length === name.width * hashBytes ? hashes : undefined;
    },

    tiles: (names) => readTiles(pool, names),
  };
}

function latestOf(row: Row | undefined): Published | undefined {
  if (row === undefined || row.note === null || row.signedAt === null) return undefined;
  const { origin, vkey, size, note, signedAt } = row;
  return { origin, vkey, size, note, signedAtMs: signedAt.getTime() };
}

/** The last one that enough witnesses cosigned, or, where none ever was, the last one signed; undefined where nothing was. */
export function forProofs(row: Row | undefined): Published | undefined {
  if (row?.cosigned === undefined) return latestOf(row);
  const { size, note, at } = row.cosigned;
  return { origin: row.origin, vkey: row.vkey, size, note, signedAtMs: at.getTime() };
}
