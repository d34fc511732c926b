/** What a witness answers, case by case and for trees at random: growth is cosigned, and nothing else. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noteText, signingKey, signText } from '../../ledger/src/transparency/note.ts';
import { checkpointText, cosign, signCheckpoint } from '../../ledger/src/transparency/checkpoint.ts';
import { emptyRoot } from '../../ledger/src/transparency/tree.ts';
import { Failure } from '../../ledger/src/failure.ts';
import { vkeyOf } from '../../ledger/src/transparency/note.ts';
import type { Submission } from '../src/witness/decide.ts';
import { readSubmission, refusalOf } from '../src/witness/decide.ts';
import { readWitnessConfig } from '../src/witness/settings.ts';
import type { Tree } from './submissions.ts';
import { bodyOf, leavesOf, noteOf, proofOf, submissionOf, treeOf } from './submissions.ts';

const key = signingKey('bank.example/log', 0x01, Buffer.alloc(32, 1));
const otherLog = signingKey('other.example/log', 0x01, Buffer.alloc(32, 2));
const forger = signingKey('bank.example/log', 0x01, Buffer.alloc(32, 3));
const logs = [key];

const entries = Array.from({ length: 20 }, (_, n) => `entry ${String(n)}`);
const tree = (size: number): Tree => treeOf(leavesOf(entries.slice(0, size)));
const rewritten = (size: number): Tree => treeOf(leavesOf(['another', ...entries.slice(1, size)]));

/** 200, or what it is refused with. */
function answer(body: string, last?: Pick<Tree, 'size' | 'root'>): number | string {
  const submission = readSubmission(body, logs);
  if (!('checkpoint' in submission)) return submission.status;
  const refusal = refusalOf(submission, last);
  return refusal === undefined ? 200 : refusal.status === 409 ? `409 ${String(refusal.lastSize)}` : refusal.status;
}

const hash = Buffer.alloc(32, 7);
const spoiled = (() => {
  const { text, signatures } = signCheckpoint(key, { origin: key.name, size: 8, root: tree(8).root });
  const wrong = signatures.map((line) => ({ ...line, signature: signText(key, `${text}x`) }));
  return {
    alone: noteText({ text, signatures: wrong }),
    beside: noteText({ text, signatures: [...signatures, ...wrong] }),
  };
})();
const signedText = (text: string): string =>
  noteText({ text, signatures: [{ name: key.name, id: key.id, signature: signText(key, text) }] });
const strangers = (count: number): string => {
  const note = signCheckpoint(key, { origin: key.name, size: 8, root: tree(8).root });
  const lines = Array.from({ length: count }, (_, n) =>
    cosign(signingKey(`w${String(n)}`, 0x04, Buffer.alloc(32, n)), note.text, 1),
  );
  return noteText({ ...note, signatures: [...lines, ...note.signatures] });
};

const cases: readonly [string, string, Tree | undefined, number | string][] = [
  ['the first checkpoint', submissionOf(key, tree(8), 0), undefined, 200],
  ['the empty tree’s', submissionOf(key, tree(0), 0), undefined, 200],
  ['growth', submissionOf(key, tree(13), 8), tree(8), 200],
  ['the same once more', submissionOf(key, tree(8), 8), tree(8), 200],
  ['with signatures of others', bodyOf(0, [], strangers(17)), undefined, 200],
  [
    'with an extension line',
    bodyOf(0, [], signedText(`${checkpointText({ origin: key.name, ...tree(8) })}more\n`)),
    undefined,
    200,
  ],
  ['nothing', '', undefined, 400],
  ['without a checkpoint', 'old 0\n\n', undefined, 400],
  ['without the empty line', bodyOf(0, [], noteOf(key, tree(8))).replace('\n\n', '\n'), undefined, 400],
  ['without the old size', `\n\n${noteOf(key, tree(8))}`, undefined, 400],
  ['an old size with a leading zero', bodyOf('08', [], noteOf(key, tree(8))), tree(8), 400],
  ['a negative old size', bodyOf('-1', [], noteOf(key, tree(8))), undefined, 400],
  ['an old size that is no safe number', bodyOf('9007199254740993', [], noteOf(key, tree(8))), undefined, 400],
  ['an old size above the checkpoint’s', submissionOf(key, tree(5), 8), tree(8), 400],
  ['carriage returns', submissionOf(key, tree(8), 0).replaceAll('\n', '\r\n'), undefined, 400],
  ['a hash that is none', bodyOf(8, [hash.subarray(1)], noteOf(key, tree(13))), tree(8), 400],
  ['an empty line in the proof', `old 8\n${hash.toString('base64')}\n\n\n${noteOf(key, tree(13))}`, tree(8), 400],
  ['64 hashes', bodyOf(8, Array<Buffer>(64).fill(hash), noteOf(key, tree(13))), tree(8), 400],
  ['63 hashes', bodyOf(8, Array<Buffer>(63).fill(hash), noteOf(key, tree(13))), tree(8), 422],
  ['65 signatures', bodyOf(0, [], strangers(64)), undefined, 400],
  ['no signature', `old 0\n\n${checkpointText({ origin: key.name, ...tree(8) })}\n`, undefined, 400],
  ['a log that it does not know', submissionOf(otherLog, tree(8), 0), undefined, 404],
  ['signed by somebody else in its name', submissionOf(forger, tree(8), 0), undefined, 403],
  ['a signature that does not hold', bodyOf(0, [], spoiled.alone), undefined, 403],
  ['one that holds and one that does not', bodyOf(0, [], spoiled.beside), undefined, 403],
  ['a first one that names an old size', submissionOf(key, tree(13), 8), undefined, '409 0'],
  ['an old size before the last', submissionOf(key, tree(13), 5), tree(8), '409 8'],
  ['an old size after the last', submissionOf(key, tree(13), 10), tree(8), '409 8'],
  ['an earlier checkpoint again', submissionOf(key, tree(5), 5), tree(8), '409 8'],
  ['a proof where none is needed', bodyOf(0, [hash], noteOf(key, tree(8))), undefined, 422],
  ['an empty tree with a root', bodyOf(0, [], noteOf(key, { size: 0, root: hash })), undefined, 422],
  ['no proof', bodyOf(8, [], noteOf(key, tree(13))), tree(8), 422],
  ['the proof of another size', bodyOf(8, proofOf(tree(13), 7), noteOf(key, tree(13))), tree(8), 422],
  ['another history of the same size', submissionOf(key, rewritten(8), 8), tree(8), 422],
  ['another history that has grown', submissionOf(key, rewritten(13), 8), tree(8), 422],
];

describe('a witness answers', () => {
  test.each(cases)('%s', (_name, body, last, expected) => {
    expect(answer(body, last)).toBe(expected);
  });

  test('the size of what nobody cosigned is that of the empty tree', () => {
    expect(
      refusalOf(readSubmission(submissionOf(key, tree(8), 0), logs) as Submission, { size: 0, root: emptyRoot }),
    ).toBe(undefined);
  });
});

const size = fc.integer({ min: 1, max: 300 });
const leavesOfSize = (count: number): Buffer[] =>
  leavesOf(Array.from({ length: count }, (_, n) => `leaf ${String(n)}`));

describe('for trees at random', () => {
  test('every growth is cosigned', () => {
    fc.assert(
      fc.property(fc.array(size, { minLength: 1, maxLength: 6 }), (sizes) => {
        let last: Tree | undefined;
        for (const one of sizes.toSorted((a, b) => a - b)) {
          const grown = treeOf(leavesOfSize(one));
          expect(answer(submissionOf(key, grown, last?.size ?? 0), last)).toBe(200);
          last = grown;
        }
      }),
      { numRuns: 30 },
    );
  });

  test('a request with one bit changed is not cosigned', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (one, other, at) => {
        const [oldSize = 1, newSize = 1] = [one, other].toSorted((a, b) => a - b);
        const last = treeOf(leavesOfSize(oldSize));
        const body = Buffer.from(submissionOf(key, treeOf(leavesOfSize(newSize)), oldSize));
        const bit = at % (body.length * 8);
        body[bit >> 3] = (body[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        expect(answer(body.toString(), last)).not.toBe(200);
      }),
      { numRuns: 400 },
    );
  });

  test('a history rewritten before what was cosigned is refused, whichever proof comes with it', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), fc.nat(), (one, other, where, proofFor) => {
        const [oldSize = 1, newSize = 1] = [one, other].toSorted((a, b) => a - b);
        const leaves = leavesOfSize(newSize);
        const changed = leaves.with(where % oldSize, Buffer.alloc(32, 9));
        const [last, honest, forged] = [treeOf(leaves.slice(0, oldSize)), treeOf(leaves), treeOf(changed)];
        const note = noteOf(key, forged);
        for (const proof of [
          proofOf(forged, oldSize),
          proofOf(honest, oldSize),
          proofOf(forged, proofFor % (newSize + 1)),
          [],
        ])
          expect(answer(bodyOf(oldSize, proof, note), last)).toBe(422);
      }),
      { numRuns: 60 },
    );
  });

  test('what was put back to an earlier state is refused', () => {
    fc.assert(
      fc.property(size, size, fc.nat(), (one, more, old) => {
        const [last, earlier] = [treeOf(leavesOfSize(one + more)), treeOf(leavesOfSize(one))];
        expect(answer(submissionOf(key, earlier, last.size), last)).toBe(400);
        expect(answer(submissionOf(key, earlier, old % (one + 1)), last)).toBe(`409 ${String(last.size)}`);
      }),
      { numRuns: 30 },
    );
  });
});

test('settings: what is wrong is one sentence', () => {
  const witness = signingKey('w', 0x04, Buffer.alloc(32, 1));
  const read = (env: NodeJS.ProcessEnv) => () => readWitnessConfig(env);
  expect(readWitnessConfig({ WITNESS_LOGS: `${vkeyOf(key)}\n ${vkeyOf(otherLog)}\n` }).logs).toMatchObject([
    { name: key.name },
    { name: otherLog.name },
  ]);
  expect(read({ WITNESS_LOGS: vkeyOf(witness) })).toThrow(Failure);
  expect(read({ WITNESS_LOGS: `${vkeyOf(key)} ${vkeyOf(forger)}` })).toThrow('names bank.example/log twice');
  expect(read({ WITNESS_NAME: 'a b' })).toThrow('WITNESS_NAME is "a b"');
  expect(read({ WITNESS_PORT: '0' })).toThrow('WITNESS_PORT is "0"');
});
