/** Tiles (c2sp.org/tlog-tiles): 256 hashes of one level together, named by level, index and width; and how they grow. */
import type { Node, Range } from './tree.ts';
import { hashBytes, nodeHash, nodesOf, rootOf } from './tree.ts';

/** Hashes in a full tile. */
export const tileWidth = 256;
/** A level of tiles is so many levels of the tree. */
const levelsInTile = 8;

export type TileName = { readonly level: number; readonly index: number };
export type Tile = TileName & { readonly hashes: Buffer };

/** The tiles of this tree that are not full: the lowest level first, an empty one where the last is full. */
export type Edge = { readonly size: number; readonly partial: readonly Buffer[] };

export const emptyEdge: Edge = { size: 0, partial: [] };

/** How many hashes a level of the tree of `size` leaves has. */
export const hashesAt = (level: number, size: number): number => Math.floor(size / tileWidth ** level);

/** What has to be read to continue a tree of `size` leaves: the last tile of each level, and how many of its hashes count. */
export function edgeTiles(size: number): readonly (TileName & { readonly width: number })[] {
  const tiles: (TileName & { width: number })[] = [];
  for (let level = 0; hashesAt(level, size) > 0; level++) {
    const count = hashesAt(level, size);
    tiles.push({ level, index: Math.floor(count / tileWidth), width: count % tileWidth });
  }
  return tiles;
}

/** The tree with these leaves added, and every tile that is new or longer. */
export function grow(edge: Edge, leaves: readonly Buffer[]): { readonly edge: Edge; readonly tiles: readonly Tile[] } {
  const tiles: Tile[] = [];
  const partial: Buffer[] = [];
  let added = leaves;
  for (let level = 0; added.length > 0 || level < edge.partial.length; level++) {
    const before = edge.partial[level] ?? Buffer.alloc(0);
    if (added.length === 0) {
      partial.push(before);
      continue;
    }
    const hashes = Buffer.concat([before, ...added]);
    let index = Math.floor(hashesAt(level, edge.size) / tileWidth);
    const above: Buffer[] = [];
    let rest = hashes;
    for (; rest.length >= tileWidth * hashBytes; index++) {
      const full = rest.subarray(0, tileWidth * hashBytes);
      tiles.push({ level, index, hashes: full });
      above.push(completeRoot(full));
      rest = rest.subarray(tileWidth * hashBytes);
    }
    if (rest.length > 0) tiles.push({ level, index, hashes: rest });
    partial.push(Buffer.from(rest));
    added = above;
  }
  return { edge: { size: edge.size + leaves.length, partial }, tiles };
}

/** The tree's root. */
export function rootOfEdge({ size, partial }: Edge): Buffer {
  const hashes = nodesOf({ from: 0, to: size }).map((node) => {
    const { tile, from, count } = placeOf(node);
    return completeRoot(slice(partial[tile.level] ?? Buffer.alloc(0), from, count));
  });
  return rootOf(hashes);
}

/** Where the hash of a complete subtree is found: `count` hashes of a tile from `from` on are its lowest stored level. */
function placeOf({ level, index }: Node): { readonly tile: TileName; readonly from: number; readonly count: number } {
  const tileLevel = Math.floor(level / levelsInTile);
  const count = 2 ** (level % levelsInTile);
  const first = index * count;
  const tile = { level: tileLevel, index: Math.floor(first / tileWidth) };
  return { tile, from: first % tileWidth, count };
}

const slice = (hashes: Buffer, from: number, count: number): Buffer =>
  hashes.subarray(from * hashBytes, (from + count) * hashBytes);

/** Of so many hashes as a power of two. */
export function completeRoot(hashes: Buffer): Buffer {
  let level: Buffer[] = [];
  for (let at = 0; at < hashes.length; at += hashBytes) level.push(hashes.subarray(at, at + hashBytes));
  while (level.length > 1) {
    const pairs: Buffer[] = [];
    for (let at = 0; at + 1 < level.length; at += 2) pairs.push(nodeHash(level[at] as Buffer, level[at + 1] as Buffer));
    level = pairs;
  }
  return level[0] ?? Buffer.alloc(0);
}

export const tilesOfRanges = (ranges: readonly Range[]): readonly TileName[] => {
  const names = ranges.flatMap((range) => nodesOf(range).map((node) => placeOf(node).tile));
  return [...new Map(names.map((name) => [keyOf(name), name])).values()];
};

/** The hashes of these subtrees, from the tiles that `tilesOfRanges` names; undefined where a tile is missing or too short. */
export function hashesOfRanges(ranges: readonly Range[], tiles: readonly Tile[]): readonly Buffer[] | undefined {
  const byName = new Map(tiles.map((tile) => [keyOf(tile), tile.hashes]));
  const found: Buffer[] = [];
  for (const range of ranges) {
    const parts: Buffer[] = [];
    for (const node of nodesOf(range)) {
      const { tile, from, count } = placeOf(node);
      const hashes = slice(byName.get(keyOf(tile)) ?? Buffer.alloc(0), from, count);
      if (hashes.length !== count * hashBytes) return undefined;
      parts.push(completeRoot(hashes));
    }
    found.push(rootOf(parts));
  }
  return found;
}

const keyOf = ({ level, index }: TileName): string => `${String(level)}/${String(index)}`;

/** As a path under the log's prefix; `width` below 256 names a partial tile. */
export function tilePath(kind: number | 'entries' | 'events', index: number, width: number): string {
  const groups = [String(index % 1000).padStart(3, '0')];
  for (let rest = Math.floor(index / 1000); rest > 0; rest = Math.floor(rest / 1000)) {
    groups.unshift(`x${String(rest % 1000).padStart(3, '0')}`);
  }
  return `tile/${String(kind)}/${groups.join('/')}${width === tileWidth ? '' : `.p/${String(width)}`}`;
}

const indexPattern = /^((?:x\d{3}\/){0,4}\d{3})(?:\.p\/([1-9]\d{0,2}))?$/;

/** The index and width that this rest of a path names; undefined where it is no tile's. */
export function parseTileIndex(path: string): { readonly index: number; readonly width: number } | undefined {
  const [, groups, partial] = indexPattern.exec(path) ?? [];
  if (groups === undefined) return undefined;
  const index = Number(groups.replaceAll(/[x/]/g, ''));
  const width = partial === undefined ? tileWidth : Number(partial);
  // One name for each tile: no leading groups of zeroes, and a full tile is no partial one.
  if (groups.startsWith('x000/') || (partial !== undefined && width >= tileWidth)) return undefined;
  return { index, width };
}
