/** Proof files (c2sp.org/tlog-proof): an entry's place in the tree and the checkpoint of that tree, as one text. */

export function proofFile(proof: {
  readonly extra: string;
  readonly index: number;
  readonly hashes: readonly Buffer[];
  /** The signed note, cosignatures included. */
  readonly checkpoint: string;
}): string {
  const lines = [
    'c2sp.org/tlog-proof@v1',
    `extra ${Buffer.from(proof.extra).toString('base64')}`,
    `index ${String(proof.index)}`,
    ...proof.hashes.map((hash) => hash.toString('base64')),
    '',
    proof.checkpoint,
  ];
  return lines.join('\n');
}
