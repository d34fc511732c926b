/** Compares the stored tiles of every level with those that the journal's events make, and names the event or the hash where they part. */
import type pg from 'pg';
import type { JournalEvent } from '../../../ledger/src/journal/journal.ts';
import { readTiles } from '../../../ledger/src/transparency/log-tables.ts';
import type { Edge, Tile, TileName } from '../../../ledger/src/transparency/tiles.ts';
import { completeRoot, edgeTiles, tileWidth } from '../../../ledger/src/transparency/tiles.ts';
import { hashBytes } from '../../../ledger/src/transparency/tree.ts';
import type { Differ } from './difference.ts';

export type TileComparison = {
  /** Of tiles just made; those that are not full wait for the edge. */
  compareFull(made: readonly Tile[]): Promise<void>;
  /** Those that are not full at the end. */
  compareEdge(edge: Edge): Promise<void>;
  /** Tiles of events that are not there. */
  findSurplus(taken: number): Promise<void>;
};

type Sources = {
  readonly reader: Pick<pg.Pool, 'query'>;
  readonly journal: { read(range: { from: number; limit: number }): Promise<readonly JournalEvent[]> };
  /** Of the checkpoint: tiles beyond are not due yet. */
  readonly size: number;
};

/** A rewritten end alters every tile from there on: so many are named. */
const mostNamed = 100;
const tileBytes = tileWidth * hashBytes;

export function tileComparison({ reader, journal, size }: Sources, differ: Differ): TileComparison {
  /** What a stored tile that differs adds up to: the hash above it that fits it says nothing new. */
  const altered = new Map<string, Buffer>();
  let named = 0;
  const name = (difference: Parameters<Differ>[0]): void => {
    if (named++ < mostNamed) differ(difference);
  };

  function compare({ level, index, hashes }: Tile, stored: Buffer | undefined): void {
    const found = stored?.subarray(0, hashes.length);
    if (found?.equals(hashes) === true) return;
    const tile = nameOf({ level, index });
    if (found === undefined) {
      name({ table: 'log', key: tile, journal: `${String(hashes.length / hashBytes)} hashes` });
      return;
    }
    if (found.length === tileBytes) altered.set(tile, completeRoot(found));
    if (found.length < hashes.length) {
      const [journalHas, has] = [hashes, found].map(({ length }) => `${String(length / hashBytes)} hashes`);
      name({ table: 'log', key: tile, journal: journalHas ?? '', readModel: has ?? '' });
    }
    const parting = hashesThatDiffer(hashes, found);
    const unexplained = parting.filter((at) => {
      const below = level === 0 ? undefined : altered.get(nameOf({ level: level - 1, index: index * tileWidth + at }));
      return below?.equals(hashAt(found, at)) !== true;
    });
    const [first] = unexplained;
    const last = unexplained.at(-1);
    if (first === undefined || last === undefined) return;
    const hex = { journal: hashAt(hashes, first).toString('hex'), readModel: hashAt(found, first).toString('hex') };
    const base = index * tileWidth;
    if (level === 0)
      name({ table: 'log', key: range('event', base + first + 1, base + last + 1), column: tile, ...hex });
    else name({ table: 'log', key: tile, column: range('hash', first, last), ...hex });
  }

  async function compareAll(made: readonly Tile[]): Promise<void> {
    const stored = await readTiles(reader, made);
    const found = new Map(stored.map((tile) => [nameOf(tile), tile.hashes]));
    // The lowest level first: what is above it is explained by it.
    for (const tile of [...made].sort((a, b) => a.level - b.level)) compare(tile, found.get(nameOf(tile)));
  }

  return {
    async compareFull(made) {
      const due = made.filter(
        ({ level, index, hashes }) => hashes.length === tileBytes && (index + 1) * tileWidth ** (level + 1) <= size,
      );
      if (due.length > 0) await compareAll(due);
    },

    async compareEdge(edge) {
      const made = edgeTiles(edge.size).flatMap(({ level, index, width }) =>
        width === 0 ? [] : [{ level, index, hashes: edge.partial[level] ?? Buffer.alloc(0) }],
      );
      await compareAll(made);
    },

    async findSurplus(taken) {
      const { rows } = await reader.query<{ level: number; index: string; needed: string }>({
        name: 'verify_surplus_tiles',
        text: `select level, index, needed::text from log.tiles,
                 lateral (select (index * 256::numeric + octet_length(hashes) / 32) * 256::numeric ^ level::integer) as n (needed)
               where needed > $1 order by needed limit ${String(mostNamed)}`,
        values: [taken],
      });
      for (const { level, index, needed } of rows) {
        // Written before its checkpoint is signed: the events have to be there.
        const isThere = Number(needed) < Number.MAX_SAFE_INTEGER && (await isEventThere(journal, Number(needed)));
        const tile = nameOf({ level, index: Number(index) });
        if (!isThere)
          name({ table: 'log', key: tile, readModel: `reaches to event ${String(Math.trunc(Number(needed)))}` });
      }
    },
  };
}

const isEventThere = async (journal: Sources['journal'], position: number): Promise<boolean> =>
  (await journal.read({ from: position, limit: 1 })).length > 0;

const nameOf = ({ level, index }: TileName): string => `tile ${String(level)}/${String(index)}`;

const range = (what: string, first: number, last: number): string =>
  first === last ? `${what} ${String(first)}` : `${what}s ${String(first)} to ${String(last)}`;

const hashAt = (hashes: Buffer, at: number): Buffer => hashes.subarray(at * hashBytes, (at + 1) * hashBytes);

function hashesThatDiffer(expected: Buffer, found: Buffer): readonly number[] {
  const different: number[] = [];
  for (let at = 0; at < found.length / hashBytes; at++) {
    if (!hashAt(expected, at).equals(hashAt(found, at))) different.push(at);
  }
  return different;
}
