/** What a log sends to its witnesses, for tests: a tree of given leaves, its signed checkpoint, and the proof that it continues another. */
import { signCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import type { SigningKey } from '../../ledger/src/transparency/note.ts';
import { noteText } from '../../ledger/src/transparency/note.ts';
import type { Tile } from '../../ledger/src/transparency/tiles.ts';
import { emptyEdge, grow, hashesOfRanges, rootOfEdge } from '../../ledger/src/transparency/tiles.ts';
import { consistencyRanges, leafHash } from '../../ledger/src/transparency/tree.ts';

export type Tree = { readonly size: number; readonly root: Buffer; readonly tiles: readonly Tile[] };

export const leavesOf = (entries: readonly string[]): Buffer[] => entries.map((entry) => leafHash(Buffer.from(entry)));

export function treeOf(leaves: readonly Buffer[]): Tree {
  const { edge, tiles } = grow(emptyEdge, leaves);
  return { size: edge.size, root: rootOfEdge(edge), tiles };
}

export const noteOf = (key: SigningKey, { size, root }: Pick<Tree, 'size' | 'root'>): string =>
  noteText(signCheckpoint(key, { origin: key.name, size, root }));

export const proofOf = (tree: Tree, oldSize: number): readonly Buffer[] =>
  oldSize > tree.size ? [] : (hashesOfRanges(consistencyRanges(oldSize, tree.size), tree.tiles) ?? []);

export const bodyOf = (old: string | number, proof: readonly Buffer[], note: string): string =>
  [`old ${String(old)}`, ...proof.map((hash) => hash.toString('base64')), '', note].join('\n');

/** As the log itself would ask. */
export const submissionOf = (key: SigningKey, tree: Tree, oldSize: number): string =>
  bodyOf(oldSize, proofOf(tree, oldSize), noteOf(key, tree));
