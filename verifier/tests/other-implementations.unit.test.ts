/** The same checkpoints and proofs before implementations that others wrote: sigstore's, and Go's where it is installed. */
import { spawnSync } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { verifyCheckpoint } from '@sigstore/verify/dist/tlog/checkpoint.js';
import { verifyMerkleInclusion } from '@sigstore/verify/dist/tlog/merkle.js';
import { expect, test } from 'vitest';
import { Failure, checkProof, parsePolicy, parseProof } from '../src/index.js';
import type { Policy } from '../src/policy.js';
import { isConsistent, isIncluded } from '../src/tree.js';
import { policyText, signedCheckpoint } from './bank.ts';
import { consistencyOf, inclusionOf, proofFile, rootOf, seed, sha256, signer } from './build.ts';
import { checkpoint, logKey, specKey, specNote } from './vectors.ts';

const entries = Array.from({ length: 70 }, (_, at) => Buffer.from(`entry ${String(at)}`));
const log = signer('bank.example/journal-main', 1, seed(0));

/** Every third proof of every tree; each once right, and once for another entry. */
const cases = entries.flatMap((_, last) =>
  Array.from({ length: Math.ceil((last + 1) / 3) }, (__, third) => ({ size: last + 1, index: third * 3 })),
);

type Claim = { readonly size: number; readonly index: number; readonly entry: Buffer };
const claims: readonly Claim[] = cases.flatMap(({ size, index }) => [
  { size, index, entry: entries[index] as Buffer },
  { size, index, entry: Buffer.from('another') },
]);

const hashesOf = ({ size, index }: Claim): readonly Buffer[] => inclusionOf(index, entries.slice(0, size));
const rootAt = (size: number): Buffer => rootOf(entries.slice(0, size));
const checkpoints = entries.map((_, last) => signedCheckpoint(last + 1, rootAt(last + 1)));

function sigstoreAccepts(claim: Claim): boolean {
  const entry = {
    canonicalizedBody: claim.entry,
    inclusionProof: {
      ...{ logIndex: String(claim.index), treeSize: String(claim.size), rootHash: rootAt(claim.size) },
      ...{ hashes: [...hashesOf(claim)], checkpoint: { envelope: checkpoints[claim.size - 1] ?? '' } },
    },
  } as unknown as Parameters<typeof verifyMerkleInclusion>[0];
  const tlog = { ...{ baseURL: `https://${log.name}`, logID: log.keyId }, publicKey: createPublicKey(log.key) };
  try {
    verifyMerkleInclusion(
      entry,
      verifyCheckpoint(entry, [{ ...tlog, validFor: { start: new Date(0), end: new Date() } }]),
    );
    return true;
  } catch {
    return false;
  }
}

async function verifierAccepts(claim: Claim): Promise<boolean> {
  const policy = (await parsePolicy(Buffer.from(policyText))) as Policy;
  const file = proofFile(undefined, claim.index, hashesOf(claim), checkpoints[claim.size - 1] ?? '');
  const proof = parseProof(Buffer.from(file));
  return !(proof instanceof Failure) && !((await checkProof(proof, claim.entry, policy, hash)) instanceof Failure);
}
const hash = (bytes: Uint8Array): Buffer => sha256(bytes);

test('sigstore accepts the checkpoints and inclusion proofs that the verifier accepts, and no others', async () => {
  for (const claim of claims) {
    const expected = claim.entry.toString() !== 'another';
    expect([await verifierAccepts(claim), sigstoreAccepts(claim)], JSON.stringify(claim)).toEqual([expected, expected]);
  }
});

/** Where Debian's golang-golang-x-mod-dev puts it. */
const goPath = '/usr/share/gocode';
const hasGo =
  (process.env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, 'go'))) &&
  existsSync(join(goPath, 'src/golang.org/x/mod/sumdb/tlog'));

test.skipIf(!hasGo)('Go’s sumdb/note and sumdb/tlog answer as the verifier does', { timeout: 180_000 }, async () => {
  const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
  const leaf = (entry: Uint8Array): Buffer => sha256(Uint8Array.of(0), entry);
  const records = claims.map((claim) => ({
    ...{ size: claim.size, index: claim.index, root: base64(rootAt(claim.size)) },
    ...{ leaf: base64(leaf(claim.entry)), proof: hashesOf(claim).map(base64) },
  }));
  const trees = cases.flatMap(({ size, index }) => {
    const older = index + 1;
    const proof = consistencyOf(older, entries.slice(0, size)).map(base64);
    const tree = { size, root: base64(rootAt(size)), older, proof };
    return [older, older === size ? size - 1 : older + 1]
      .filter((one) => one > 0)
      .map((one) => ({ ...tree, olderRoot: base64(rootAt(one)) }));
  });
  const notes = [
    { key: specKey, note: specNote },
    { key: logKey, note: checkpoint },
    { key: logKey, note: checkpoint.replace('\n8\n', '\n9\n') },
    { key: logKey, note: specNote },
  ];
  const program = fileURLToPath(new URL('sumdb.go', import.meta.url));
  const { stdout, stderr } = spawnSync('go', ['run', program], {
    input: JSON.stringify({ records, trees, notes }),
    env: { ...process.env, GO111MODULE: 'off', GOPATH: goPath, GOFLAGS: '' },
    timeout: 170_000,
  });
  const answers = JSON.parse(stdout.toString() || `{"error": ${JSON.stringify(stderr.toString())}}`) as Record<
    string,
    unknown
  >;
  const decode = (text: string): Buffer => Buffer.from(text, 'base64');
  expect(answers).toEqual({
    records: await Promise.all(
      records.map((one) =>
        isIncluded({ ...one, root: decode(one.root), leaf: decode(one.leaf), hashes: one.proof.map(decode) }, hash),
      ),
    ),
    trees: await Promise.all(
      trees.map(({ size, root, older, olderRoot, proof }) =>
        isConsistent(
          {
            oldSize: older,
            oldRoot: decode(olderRoot),
            newSize: size,
            newRoot: decode(root),
            hashes: proof.map(decode),
          },
          hash,
        ),
      ),
    ),
    notes: [true, true, false, false],
  });
});
