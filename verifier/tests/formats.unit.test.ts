/** Every vector of the formats byte for byte: notes, checkpoints, cosignatures, trees, proofs, entries, openings. */
import { expect, test } from 'vitest';
import { checkSignatures, parseCheckpoint } from '../src/checkpoint.js';
import { checkOpening, entryOf } from '../src/entry.js';
import { parseEvent } from '../src/event.js';
import { Failure } from '../src/failure.js';
import { checkSigner, parseKey, parseNote } from '../src/note.js';
import type { Policy } from '../src/policy.js';
import { parsePolicy } from '../src/policy.js';
import { checkProof, parseProof } from '../src/proof.js';
import { isConsistent, isIncluded, leafHash } from '../src/tree.js';
import { rootOf, seed, sha256, signatureLine, signer } from './build.ts';
import * as vectors from './vectors.ts';

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);
const hex = (text: string): Buffer => Buffer.from(text, 'hex');

function proven<T>(result: T | Failure): T {
  if (result instanceof Failure) throw new Error(result.detail);
  return result;
}
const codeOf = (result: unknown): unknown => (result instanceof Failure ? result.code : result);
const policyOf = async (text: string): Promise<Policy> => proven(await parsePolicy(bytes(text)));

test('the roots of the test leaves are those of Certificate Transparency', () => {
  expect(vectors.roots.map((_, at) => rootOf(vectors.leaves.slice(0, at + 1)).toString('hex'))).toEqual(vectors.roots);
});

test('the inclusion and consistency proofs of the test leaves are proven', async () => {
  const root = (size: number): Buffer => hex(vectors.roots[size - 1] ?? '');
  const leaf = await leafHash(vectors.leaves[5] as Uint8Array);
  const inclusion = { index: 5, size: 8, leaf, hashes: vectors.inclusionOf5In8.map(hex), root: root(8) };
  expect(await isIncluded(inclusion)).toBe(true);
  for (const [from, to, hashes] of [
    [6, 8, vectors.consistency6To8],
    [3, 7, vectors.consistency3To7],
  ] as const) {
    const claim = { oldSize: from, oldRoot: root(from), newSize: to, newRoot: root(to), hashes: hashes.map(hex) };
    expect(await isConsistent(claim)).toBe(true);
  }
});

test('the signed note of the specification is proven under its key', async () => {
  const key = proven(await parseKey(vectors.specKey));
  expect(await checkSigner(key, proven(parseNote(bytes(vectors.specNote))))).toBeUndefined();
});

test('the checkpoint is signed by its log and cosigned by the witness at its time', async () => {
  const { origin, size, root, note } = proven(parseCheckpoint(bytes(vectors.checkpoint)));
  expect([origin, size, Buffer.from(root).toString('hex')]).toEqual(['bank.example/journal-main', 8, vectors.roots[7]]);
  const cosigned = await checkSignatures({ origin, size, root, note }, await policyOf(vectors.policy));
  expect(cosigned).toEqual([{ name: 'w1', keyName: 'witness.example/w1', at: 1_700_000_000 }]);
});

test('the keys and signatures that the tests make are those of the vectors', () => {
  const [log, witness] = [signer('bank.example/journal-main', 1, seed(0)), signer('witness.example/w1', 4, seed(32))];
  expect([log.line, witness.line]).toEqual([vectors.logKey, vectors.witnessKey]);
  const text = vectors.checkpoint.split('\n').slice(0, 3).join('\n');
  expect(vectors.checkpoint).toContain(signatureLine(log, `${text}\n`));
});

test('the offline proof is proven, with the entry given', async () => {
  const read = proven(parseProof(bytes(vectors.proof)));
  const policy = await policyOf(vectors.policy);
  expect(codeOf(await checkProof(read, vectors.leaves[5] as Uint8Array, policy))).toHaveLength(1);
  expect(codeOf(await checkProof(read, vectors.leaves[4] as Uint8Array, policy))).toBe('not_included');
});

test('an entry of the form gl1 follows from its event', async () => {
  for (const { event, entry, leafHash: expected } of vectors.entries) {
    const read = proven(parseEvent(bytes(event)));
    const made = await entryOf(bytes(event), read);
    expect(new TextDecoder().decode(made)).toBe(entry);
    expect(sha256(Uint8Array.of(0), made).toString('hex')).toBe(expected);
  }
});

test('an opening is proven against its entry, one side’s part or the other’s', async () => {
  const whole = vectors.openingOf6;
  const { position, parts, entry } = proven(await checkOpening(bytes(whole)));
  expect([position, parts.map(({ account }) => account)]).toEqual([6, ['17']]);
  expect(new TextDecoder().decode(entry)).toBe(vectors.entries[0]?.entry);
  const head = whole.slice(0, whole.indexOf('\n\n') + 2);
  const other = proven(await checkOpening(bytes(head + vectors.secondPartOf6)));
  expect(other.parts.map(({ account }) => account)).toEqual(['23']);
  const both = proven(await checkOpening(bytes(whole + vectors.secondPartOf6)));
  expect(both.parts).toHaveLength(2);
});

test('an opening that says something else than its entry is not proven', async () => {
  const whole = vectors.openingOf6;
  for (const [from, to] of [
    ['"amount":"-2000"', '"amount":"-20"'],
    ['0 fe2d', '0 fe2e'],
    ['0 fe2d', '1 fe2d'],
    ['gl1-entry\n6', 'gl1-entry\n7'],
    ['b1c3072c', 'b1c3072d'],
  ] as const) {
    expect(codeOf(await checkOpening(bytes(whole.replace(from, to))))).toBe('other_entry');
  }
});

test('an opening of another form cannot be read', async () => {
  const whole = vectors.openingOf6;
  const lines = whole.split('\n');
  for (const text of [
    whole.slice(0, -1),
    whole.slice(0, whole.indexOf('\n\n') + 2),
    whole.replace('gl1-entry', 'gl2-entry'),
    whole.replaceAll('\n', '\r\n'),
    whole + (lines.at(-3) ?? '') + '\n' + (lines.at(-2) ?? '') + '\n',
    whole.replace('2b3e4e89', '2B3E4E89'),
  ]) {
    expect(codeOf(await checkOpening(bytes(text)))).toBe('unreadable');
  }
});

test('an event whose text could be another’s cannot be read', () => {
  const event = vectors.entries[0]?.event ?? '';
  for (const text of [
    event.replace('"currency"', '\n"currency"'),
    `${event}\n`,
    event.replace('\n6\n', '\n06\n'),
    event.replace('6b29fc40', '6B29FC40'),
    event.replace('gl1', 'gl2'),
  ]) {
    expect(codeOf(parseEvent(bytes(text)))).toBe('unreadable');
  }
});
