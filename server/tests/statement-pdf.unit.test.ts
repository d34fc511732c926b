/** A statement as PDF: every letter that its font has, a box for what it lacks, and the bank’s time. */
import { inflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { civilTime } from '../../ledger/src/civil-time.ts';
import type { AccountOverview, Entry } from '../../projections/src/read-model.ts';
import { statementPdf } from '../src/http/exports/statement-pdf.ts';

const account: AccountOverview = {
  ...{ account: '17', kind: 'customer', currency: 'EUR', balance: 100n, version: 1, status: 'open', floor: 0n },
  holder: { firstName: 'Łukasz', lastName: 'Wałęsa' },
};
const entry = (label: string, version = 1): Entry => ({
  ...{ entryId: `${String(version)}.0`, account: '17', version, position: version, type: 'imported', label },
  ...{ recordedAt: '2026-01-31T09:30:00.000Z', valueDate: '2026-01-31', amount: 100n, balanceAfter: 100n },
  currency: 'EUR',
});
const made = { madeAtMs: Date.parse('2026-11-24T23:24:00Z'), civil: civilTime('Europe/Paris') };

/** What is in the file's streams: text in PDF's own fonts as hexadecimal, in others as glyphs, and each glyph's letter. */
async function streamsOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  const file = Buffer.concat(all).toString('latin1');
  const streams = [...file.matchAll(/stream\n([\s\S]*?)\nendstream/g)].map(([, stream = '']) => {
    try {
      return inflateSync(Buffer.from(stream, 'latin1')).toString('latin1');
    } catch {
      return '';
    }
  });
  return streams.join('\n');
}
/** The hexadecimal texts of PDF's own fonts, put together. */
const westernOf = (streams: string): string =>
  [...streams.matchAll(/\[([^\]]*)\] TJ/g)]
    .map(([, parts = '']) =>
      [...parts.matchAll(/<([0-9a-f]*)>/g)].map(([, hex = '']) => Buffer.from(hex, 'hex').toString('latin1')).join(''),
    )
    .join('\n');
/** What is drawn, four hexadecimal digits each: the glyphs of the embedded font, and pairs of letters of the others. */
const glyphsOf = (streams: string): readonly string[] =>
  [...streams.matchAll(/\[([^\]]*)\] TJ/g)]
    .flatMap(([, parts = '']) => [...parts.matchAll(/<([0-9a-f]*)>/g)])
    .flatMap(([, hex = '']) => hex.match(/.{4}/g) ?? []);
/** Glyph 0; in PDF's own fonts it would be two NULs. */
const box = '0000';
const hasLetter = (streams: string, letter: string): boolean =>
  streams.includes(`<${(letter.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}>`);

test.each(['Łukasz Wałęsa', 'Αλέξανδρος Παπαδόπουλος', 'Владимир Щербаков', 'Nguyễn Văn Ả', 'Işık Őz'])(
  '%s is written with its own letters',
  async (label) => {
    const streams = await streamsOf(statementPdf(account, [entry(label)], made));
    const letters = new Set(label.replaceAll(' ', ''));
    expect([...letters].filter((letter) => !hasLetter(streams, letter))).toEqual([]);
    expect(glyphsOf(streams)).not.toContain(box);
  },
);

test('a letter that the font lacks is a box, and itself for whoever copies it', async () => {
  const streams = await streamsOf(
    statementPdf({ ...account, holder: { firstName: 'A', lastName: 'B' } }, [entry('漢')], made),
  );
  expect(glyphsOf(streams)).toContain(box);
});

test('says when it was made in the bank’s zone, and names it', async () => {
  const streams = await streamsOf(statementPdf(account, [entry('Dépôt')], made));
  expect(westernOf(streams)).toContain('Établi le 25/11/2026 à 00:24 (Europe/Paris)');
});

test('ends with the checkpoint it was made at, also where the page is full', async () => {
  const checkpoint = {
    ...{ origin: 'bank.example/log', size: 1_234_567, signedAtMs: made.madeAtMs },
    root: 'XcnaeacGWamtVZy3Ad7ZoqudgjqtL0lgz+Nw7/RgQyg=',
  };
  for (const count of [1, 36, 37, 38, 39, 40]) {
    const entries = Array.from({ length: count }, (_none, n) => entry('Dépôt', n + 1));
    const text = westernOf(await streamsOf(statementPdf(account, entries, { ...made, checkpoint })));
    expect(text.indexOf('Journal bank.example/log')).toBeGreaterThan(text.indexOf('Solde final'));
    expect(text).toContain('1234567 événements, signé le 25/11/2026 à 00:24 (Europe/Paris)');
    expect(text).toContain(`Racine : ${checkpoint.root}`);
  }
  expect(westernOf(await streamsOf(statementPdf(account, [entry('Dépôt')], made)))).not.toContain('Racine');
});
