/** What PostgreSQL holds of the transparency log, for whoever reads it: the tiles and the last checkpoint. */
import type pg from 'pg';
import type { Tile, TileName } from './tiles.ts';

export type PublishedLog = {
  readonly origin: string;
  readonly vkey: string;
  readonly size: number;
  /** The signed note with the cosignatures gathered; null while nothing was signed. */
  readonly note: string | null;
  readonly signedAt: Date | null;
  /** The last one that enough witnesses cosigned. */
  readonly cosigned: { readonly size: number; readonly note: string; readonly at: Date } | undefined;
  /** Why the signer signs nothing any more. */
  readonly stopped: string | null;
};

type Queries = Pick<pg.ClientBase, 'query'>;

/** Undefined until a signer has worked on this database. */
export async function readPublishedLog(pool: Queries): Promise<PublishedLog | undefined> {
  const { rows } = await pool.query<{
    origin: string;
    vkey: string;
    size: string;
    note: string | null;
    signed_at: Date | null;
    cosigned_size: string | null;
    cosigned_note: string | null;
    cosigned_at: Date | null;
    stopped: string | null;
  }>('select * from log.checkpoint');
  const [row] = rows;
  if (row === undefined) return undefined;
  const { cosigned_note: note, cosigned_at: at } = row;
  return {
    origin: row.origin,
    vkey: row.vkey,
    size: Number(row.size),
    note: row.note,
    signedAt: row.signed_at,
    cosigned: note === null || at === null ? undefined : { size: Number(row.cosigned_size), note, at },
    stopped: row.stopped,
  };
}

/** Those of these tiles that exist, as long as they have grown. */
export async function readTiles(pool: Queries, names: readonly TileName[]): Promise<readonly Tile[]> {
  if (names.length === 0) return [];
  const { rows } = await pool.query<{ level: number; index: string; hashes: Buffer }>(
    `select t.level, t.index, t.hashes from unnest($1::smallint[], $2::bigint[]) as asked (level, index)
     join log.tiles t using (level, index)`,
    [names.map(({ level }) => level), names.map(({ index }) => index)],
  );
  return rows.map(({ level, index, hashes }) => ({ level, index: Number(index), hashes }));
}
