/** The transparency log's formats: the published vectors byte for byte, and that no proof holds that is one bit off. */
import fc from 'fast-check';
import { hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkpointText, cosign, cosignedAt, openCheckpoint, signCheckpoint } from '../src/transparency/checkpoint.ts';
import { entryOf, eventText, openingsOf, openingText } from '../src/transparency/entry.ts';
import type { Note } from '../src/transparency/note.ts';
import { isSigned, noteText, parseNote, parseVkey, signingKey, vkeyOf } from '../src/transparency/note.ts';
import { proofFile } from '../src/transparency/proof-file.ts';
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

const entries = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
].map((hex) => Buffer.from(hex, 'hex'));
const leaves = entries.map(leafHash);
const roots = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

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
    expect(hex(inclusionRanges(5, 8))).toEqual([
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[3],
    ]);
    expect(hex(consistencyRanges(6, 8))).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      roots[3],
    ]);
    expect(hex(consistencyRanges(3, 7))).toEqual([
      '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
      '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
      roots[1],
      '837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e',
    ]);
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
  const published = `bank.example/journal-main
8
XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=

— bank.example/journal-main FoNxQtIebe7RXFhGLXQlSO60JKfZ9GZoOCBto2aIgFpbBEDDJ5HZTvKLUqx3zLQEylL12MqKfqfg2hJgIVPsUTxxLQM=
— witness.example/w1 IDJKvgAAAABlU/EAY/NAo94Puz0whMeFnJ9e2Dos0Qv9yIz/hyy0EwHgTAL+boLWRP1kkMiIJMiOwgkvIUES8eNc+tmAAYkUc7dZAQ==
`;

  test('are the published ones', () => {
    expect(vkeyOf(log)).toBe('bank.example/journal-main+16837142+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4');
    expect(vkeyOf(witness)).toBe('witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X');
    expect(whole).toBe(published);
    const opened = openCheckpoint(published, log);
    expect(opened).toMatchObject({ origin: log.name, size: 8, root });
    expect(cosignedAt(opened?.note.signatures[1] ?? expect.fail('two signatures'), witness, own.text)).toBe(
      1_700_000_000,
    );
    const proof = hashesOfRanges(inclusionRanges(5, 8), treeOf(leaves).tiles) ?? [];
    expect(proofFile({ extra: 'x', index: 5, hashes: proof, checkpoint: published })).toBe(
      `c2sp.org/tlog-proof@v1\nextra eA==\nindex 5\nvBoGQ7EuTS18d5GPROD095qDi2z57FtcKD4fTYhZnms=\nyoVOoSjtBQtBs1/8G4e46yveRh6eO1WW7Oa51ZdaCuA=\n037kGJdt2VdTwcc4Yrk5j6Kiz5tP8P3+izDNlSCWFLc=\n\n${published}`,
    );
    const example = parseVkey('example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k');
    const note = parseNote(
      'This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n',
    );
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
