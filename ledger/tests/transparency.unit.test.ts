/** The transparency log's formats: the published vectors byte for byte, and that no proof holds that is one bit off. */
import fc from 'fast-check';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as vectors from '../../verifier/tests/vectors.ts';
import { checkpointText, cosign, cosignedAt, openCheckpoint, signCheckpoint } from '../src/transparency/checkpoint.ts';
import { entryOf, eventText, openingsOf, openingText } from '../src/transparency/entry.ts';
import type { Note } from '../src/transparency/note.ts';
import { isSigned, noteText, parseNote, parseVkey, signingKey, vkeyOf } from '../src/transparency/note.ts';
import { proofFile } from '../src/transparency/proof-file.ts';
import { receiptCode } from '../src/transparency/receipt-code.ts';
import type { Tile } from '../src/transparency/tiles.ts';
import {
  edgeTiles,
  emptyEdge,
  grow,
  hashesOfRanges,
  parseTileIndex,
  rootOfEdge,
  tilePath,
} from '../src/transparency/tiles.ts';
import {
  consistencyRanges,
  emptyRoot,
  inclusionRanges,
  isConsistent,
  isIncluded,
  leafHash,
  nodeHash,
} from '../src/transparency/tree.ts';

const leaves = vectors.leaves.map((entry) => leafHash(Buffer.from(entry)));
const { roots } = vectors;

/** RFC 6962, 2.1, as it is written there. */
function treeHash(hashes: readonly Buffer[]): Buffer {
  if (hashes.length < 2) return hashes[0] ?? emptyRoot;
  let middle = 1;
  while (middle * 2 < hashes.length) middle *= 2;
  return nodeHash(treeHash(hashes.slice(0, middle)), treeHash(hashes.slice(middle)));
}

const longest = (tiles: readonly Tile[]): Tile[] => [
  ...new Map(tiles.map((tile) => [`${String(tile.level)}/${String(tile.index)}`, tile])).values(),
];
const treeOf = (hashes: readonly Buffer[]) => {
  const { edge, tiles } = grow(emptyEdge, hashes);
  return { size: edge.size, root: rootOfEdge(edge), tiles };
};
const someLeaves = (count: number): Buffer[] =>
  Array.from({ length: count }, (_, n) => leafHash(Buffer.from(String(n))));
const flip = (bytes: Buffer, bit: number): Buffer => {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
};

describe('the tree', () => {
  test('has the published roots', () => {
    expect(rootOfEdge(emptyEdge)).toEqual(emptyRoot);
    expect(leaves.map((_, n) => treeOf(leaves.slice(0, n + 1)).root.toString('hex'))).toEqual(roots);
  });

  test('gives the published proofs', () => {
    const { tiles } = treeOf(leaves);
    const hex = (ranges: Parameters<typeof hashesOfRanges>[0]) =>
      hashesOfRanges(ranges, tiles)?.map((one) => one.toString('hex'));
    expect(hex(inclusionRanges(5, 8))).toEqual(vectors.inclusionOf5In8);
    expect(hex(consistencyRanges(6, 8))).toEqual(vectors.consistency6To8);
    expect(hex(consistencyRanges(3, 7))).toEqual(vectors.consistency3To7);
  });

  test('is the same however it grew, and as RFC 6962 writes it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 }), (steps) => {
        const all = someLeaves(steps.reduce((sum, step) => sum + step, 0));
        let edge = emptyEdge;
        const written: Tile[] = [];
        for (const step of steps) {
          const grown = grow(edge, all.slice(edge.size, edge.size + step));
          edge = grown.edge;
          written.push(...grown.tiles);
        }
        expect(rootOfEdge(edge)).toEqual(treeHash(all));
        const tiles = longest(written);
        expect(tiles.map(({ hashes }) => hashes).sort((one, other) => one.compare(other))).toEqual(
          longest(grow(emptyEdge, all).tiles)
            .map(({ hashes }) => hashes)
            .sort((one, other) => one.compare(other)),
        );
        // What is read back to continue is what was in memory.
        const partial = edgeTiles(edge.size).map(({ level, index, width }) => {
          const tile = tiles.find((one) => one.level === level && one.index === index);
          return (tile?.hashes ?? Buffer.alloc(0)).subarray(0, width * 32);
        });
        expect(partial).toEqual(edge.partial);
      }),
      { numRuns: 30 },
    );
  });

  test('proves every inclusion and every growth, and nothing that is one bit off', () => {
    const sizes = fc.integer({ min: 1, max: 600 });
    fc.assert(
      fc.property(sizes, fc.nat(), fc.nat(), fc.nat(), (size, one, two, bit) => {
        const all = someLeaves(size);
        const tree = treeOf(all);
        const [index, oldSize] = [one % size, two % (size + 1)];
        const inclusion = hashesOfRanges(inclusionRanges(index, size), tree.tiles) ?? [];
        const leaf = { index, hash: all[index] ?? emptyRoot };
        expect(isIncluded(leaf, tree, inclusion)).toBe(true);
        expect(isIncluded({ ...leaf, hash: flip(leaf.hash, bit % 256) }, tree, inclusion)).toBe(false);
        expect(isIncluded({ ...leaf, index: size }, tree, inclusion)).toBe(false);
        const old = { size: oldSize, root: treeHash(all.slice(0, oldSize)) };
        const growth = hashesOfRanges(consistencyRanges(oldSize, size), tree.tiles) ?? [];
        expect(isConsistent(old, tree, growth)).toBe(true);
        expect(isConsistent({ ...old, root: flip(old.root, bit % 256) }, tree, growth)).toBe(false);
        for (const [at, hashes] of [inclusion, growth].entries()) {
          const wrong =
            hashes.length === 0
              ? [emptyRoot]
              : hashes.with(bit % hashes.length, flip(hashes[bit % hashes.length] ?? emptyRoot, bit % 256));
          expect(at === 0 ? isIncluded(leaf, tree, wrong) : isConsistent(old, tree, wrong)).toBe(false);
          expect(
            at === 0 ? isIncluded(leaf, tree, [...hashes, emptyRoot]) : isConsistent(old, tree, [...hashes, emptyRoot]),
          ).toBe(false);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('names its tiles in one way only', () => {
    expect(tilePath(0, 1_234_067, 256)).toBe('tile/0/x001/x234/067');
    expect(tilePath('entries', 273, 112)).toBe('tile/entries/273.p/112');
    expect(edgeTiles(70_000)).toEqual([
      { level: 0, index: 273, width: 112 },
      { level: 1, index: 1, width: 17 },
      { level: 2, index: 0, width: 1 },
    ]);
    expect(parseTileIndex('x001/x234/067')).toEqual({ index: 1_234_067, width: 256 });
    expect(parseTileIndex('000.p/1')).toEqual({ index: 0, width: 1 });
    for (const wrong of [
      '',
      '0',
      '00',
      '0000',
      '1000',
      'x000/001',
      '000.p/0',
      '000.p/256',
      '000.p/01',
      '000.p/',
      'x01/001',
      '001/',
      '/001',
      '001/x002',
      '-01',
      '000.p/300',
    ]) {
      expect(parseTileIndex(wrong), wrong).toBeUndefined();
    }
  });
});

describe('notes and checkpoints', () => {
  const seed = (first: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, n) => first + n));
  const log = signingKey('bank.example/journal-main', 0x01, seed(0));
  const witness = signingKey('witness.example/w1', 0x04, seed(0x20));
  const root = Buffer.from(roots[7] ?? '', 'hex');
  const own: Note = signCheckpoint(log, { origin: log.name, size: 8, root });
  const whole = noteText({ ...own, signatures: [...own.signatures, cosign(witness, own.text, 1_700_000_000)] });
  const published = vectors.checkpoint;

  test('are the published ones', () => {
    expect(vkeyOf(log)).toBe(vectors.logKey);
    expect(vkeyOf(witness)).toBe(vectors.witnessKey);
    expect(whole).toBe(published);
    const opened = openCheckpoint(published, log);
    expect(opened).toMatchObject({ origin: log.name, size: 8, root });
    expect(cosignedAt(opened?.note.signatures[1] ?? expect.fail('two signatures'), witness, own.text)).toBe(
      1_700_000_000,
    );
    const proof = hashesOfRanges(inclusionRanges(5, 8), treeOf(leaves).tiles) ?? [];
    expect(proofFile({ extra: 'x', index: 5, hashes: proof, checkpoint: published })).toBe(
      vectors.proof.replace('\nindex', '\nextra eA==\nindex'),
    );
    const example = parseVkey(vectors.specKey);
    const note = parseNote(vectors.specNote);
    expect(example && note && isSigned(example, note.text, note.signatures[0]?.signature ?? Buffer.alloc(64))).toBe(
      true,
    );
  });

  test('are refused when anything is off', () => {
    const other = signingKey(log.name, 0x01, seed(7));
    const forged = signCheckpoint(other, { origin: log.name, size: 9, root });
    const wrong: Record<string, string> = {
      'carriage returns': published.replaceAll('\n', '\r\n'),
      'no empty line': published.replace('\n\n', '\n'),
      'no line feed at the end': published.slice(0, -1),
      'another size': published.replace('\n8\n', '\n9\n'),
      'a leading zero': noteText(signCheckpoint(log, { origin: log.name, size: '08' as unknown as number, root })),
      'another origin': noteText(signCheckpoint(log, { origin: 'elsewhere', size: 8, root })),
      'only a key of the same name': noteText(forged),
      'a hyphen for the dash': published.replace('— bank', '- bank'),
      'no padding': published.replace('xxLQM=', 'xxLQM'),
      'too many signatures': noteText({ ...own, signatures: Array.from({ length: 65 }, () => own.signatures).flat() }),
      'a wrong signature beside the right one': noteText({
        text: own.text,
        signatures: [...own.signatures, { ...(own.signatures[0] ?? expect.fail()), signature: Buffer.alloc(64) }],
      }),
    };
    for (const [what, text] of Object.entries(wrong)) expect(openCheckpoint(text, log), what).toBeUndefined();
    // Signatures of strangers are passed over, also of a stranger with the same name.
    const strangers = Array.from({ length: 16 }, (_, n) =>
      cosign(signingKey(`w${String(n)}`, 0x04, seed(n)), own.text, 1),
    );
    const beside = noteText({ ...own, signatures: [...strangers, ...forged.signatures, ...own.signatures] });
    expect(openCheckpoint(beside, log)).toMatchObject({ size: 8 });
    expect(parseVkey('example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k')).toBeUndefined();
    expect(checkpointText({ origin: 'o', size: 0, root: emptyRoot })).toBe(
      'o\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n',
    );
  });
});

describe('an entry', () => {
  const page = readFileSync(new URL('../../docs/decisions/proofs.md', import.meta.url), 'utf8');
  const event = (position: number, text: string) => {
    const [, , id = '', type = '', data = '', metadata = ''] = text.split('\n');
    return { position, id, type, data, metadata };
  };
  const blocks = page.split('\n```\n').filter((_, n) => n % 2 === 1);
  const blockWith = (start: string): string => blocks.find((block) => block.startsWith(start)) ?? expect.fail(start);
  const leafOf = (entry: Buffer): string => leafHash(entry).toString('hex');

  test('is the one of the documented vectors', () => {
    const transfer = event(6, blockWith('gl1\n6\n'));
    expect(page).toContain(`S \`${hash('sha256', eventText(transfer))}\``);
    const opening = openingText(
      entryOf(transfer),
      openingsOf(transfer, ({ account }) => account === '17'),
    );
    expect(opening).toBe(`${blockWith('gl1-opening\ngl1-entry\n6\n')}\n`);
    const others = openingsOf(transfer, ({ account }) => account !== '17');
    expect(others.map(({ index, salt, text }) => `${String(index)} ${salt.toString('hex')}\n${text}`).join('\n')).toBe(
      blockWith('1 ed3d'),
    );
    const frozen = entryOf(event(7, blockWith('gl1\n7\n')));
    expect(frozen.toString()).toBe(blockWith('gl1-entry\n7\n'));
    const odd = entryOf({
      position: 8,
      id: '00000000-0000-4000-8000-000000000008',
      type: 'Odd',
      data: 'no json',
      metadata: '{}',
    });
    expect(odd.toString()).toBe(blockWith('gl1-entry\n8\n'));
    for (const entry of [entryOf(transfer), frozen, odd]) expect(page).toContain(`\`${leafOf(entry)}\``);
  });

  test('is another one after any change, and shows one side of a transfer without the other', () => {
    const transfer = event(6, blockWith('gl1\n6\n'));
    const before = entryOf(transfer).toString().split('\n');
    for (const changed of [
      { ...transfer, position: 7 },
      { ...transfer, id: transfer.id.replace('6', '7') },
      { ...transfer, type: 'Deposited' },
      { ...transfer, data: transfer.data.replace('512345', '512346') },
      { ...transfer, data: `${transfer.data} ` },
      { ...transfer, metadata: transfer.metadata.replace('AAAA', 'AAAB') },
    ]) {
      // Every commitment, since every salt follows from the whole event.
      for (const [line, text] of entryOf(changed).toString().split('\n').slice(2).entries())
        expect(text).not.toBe(before[line + 2]);
    }
    const shown = openingText(
      entryOf(transfer),
      openingsOf(transfer, ({ account }) => account === '17'),
    );
    for (const hidden of ['512345', 'AAAAAAAA', transfer.id, 'T1', 'k-1']) expect(shown).not.toContain(hidden);
    const salts = openingsOf(transfer, () => true).map(({ salt }) => salt.toString('hex'));
    expect(new Set(salts).size).toBe(3);
    expect(shown).not.toContain(salts[1]);
  });

  test('stays short, whatever the event holds', () => {
    fc.assert(
      fc.property(fc.json(), fc.json(), fc.string(), (data, metadata, type) => {
        const entry = entryOf({ position: Number.MAX_SAFE_INTEGER, id: 'x', type, data, metadata });
        expect(entry.length).toBeLessThan(512);
      }),
      { numRuns: 200 },
    );
  });
});

describe('a receipt’s code', () => {
  const page = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8');
  const seed = (first: number): Buffer => Buffer.from(Array.from({ length: 32 }, (_, n) => first + n));
  const [, , id = '', type = '', data = '', metadata = ''] =
    /^gl1\n6\n[^]*?(?=\n```)/m.exec(page('decisions/proofs.md'))?.[0].split('\n') ?? [];
  const event = { position: 6, id, type, data, metadata };
  const { size, root, tiles } = treeOf(leaves.with(5, leafHash(entryOf(event))));
  const signed = signCheckpoint(signingKey('bank.example/journal-main', 0x01, seed(0)), {
    ...{ origin: 'bank.example/journal-main', size, root },
  });
  const witness = signingKey('witness.example/w1', 0x04, seed(0x20));
  const proof = {
    ...{ index: 5, hashes: hashesOfRanges(inclusionRanges(5, 8), tiles) ?? [], entry: entryOf(event) },
    openings: openingsOf(event, ({ account }) => account === '17'),
    note: { ...signed, signatures: [...signed.signatures, cosign(witness, signed.text, 1_700_000_000)] },
  };

  test('is the text that the verifier’s page documents', () => {
    expect(receiptCode(proof)).toBe(/^GL1:.*$/m.exec(page('verifying.md'))?.[0]);
  });

  test('is none where the form does not hold the receipt', () => {
    expect(receiptCode({ ...proof, openings: [] })).toBeUndefined();
    const extended = { ...proof.note, text: `${proof.note.text}an extension\n` };
    expect(receiptCode({ ...proof, note: extended })).toBeUndefined();
  });
});
