/** Looks for secrets in recorded bytes, in every way a text is commonly written down. */
import type { Piece, Recording } from './recording.ts';
import type { Secret } from './visit.ts';

export type Find = { readonly what: string; readonly encoding: string; readonly from: Piece['from'] };
export type Found = { readonly patterns: number; readonly bytes: number; readonly finds: readonly Find[] };

/** The directions are searched as streams: a secret cut in two by a packet's end is found all the same. */
export function search({ pieces }: Recording, secrets: readonly Secret[]): Found {
  const patterns = secrets.flatMap(({ what, text }) =>
    spellings(text).flatMap((spelling) => encodings(spelling).map((one) => ({ what, ...one }))),
  );
  const streams = (['customer', 'bank'] as const).map((from) => {
    const bytes = Buffer.concat(pieces.filter((piece) => piece.from === from).map((piece) => piece.bytes));
    return { from, bytes };
  });
  const finds = streams.flatMap(({ from, bytes }) =>
    patterns
      .filter(({ pattern }) => bytes.includes(pattern))
      .map(({ what, encoding }): Find => ({ what, encoding, from })),
  );
  return { patterns: patterns.length, bytes: streams.reduce((sum, { bytes }) => sum + bytes.length, 0), finds };
}

/** The same thing as people and programs spell it: letters large and small, without accents, amounts in cents and in French. */
function spellings(text: string): readonly string[] {
  const all = [text];
  if (/^\d+\.\d\d$/.test(text)) {
    const [whole = '', cents = ''] = text.split('.');
    const groups = whole.replace(/\B(?=(\d{3})+$)/g, '\u202f');
    all.push(`${whole},${cents}`, `${whole}${cents}`);
    for (const space of ['\u202f', '\u00a0', ' ', '.', ',']) {
      all.push(`${groups.replaceAll('\u202f', space)},${cents}`, `${groups.replaceAll('\u202f', space)}.${cents}`);
    }
  } else if (/\p{L}/u.test(text)) {
    const bare = text.normalize('NFD').replace(/\p{M}/gu, '');
    for (const one of [text, text.normalize('NFD'), bare]) all.push(one, one.toUpperCase(), one.toLowerCase());
  } else {
    all.push(text.split('').join(' '), text.replace(/\B(?=(\d\d)+$)/g, ' '));
  }
  return [...new Set(all)];
}

/** UTF-8, UTF-16, Latin-1, and what is commonly put around them: hexadecimal, Base64, percent, JSON, HTML, decimal codes. */
function encodings(text: string): readonly { readonly encoding: string; readonly pattern: Buffer }[] {
  const utf8 = Buffer.from(text, 'utf8');
  const utf16 = Buffer.from(text, 'utf16le');
  const raw: [string, Buffer][] = [
    ['UTF-8', utf8],
    ['UTF-16LE', utf16],
    ['UTF-16BE', Buffer.from(utf16).swap16()],
    ['UTF-8 backwards', Buffer.from(utf8).reverse()],
  ];
  if (/^[\u0000-\u00ff]*$/.test(text)) raw.push(['Latin-1', Buffer.from(text, 'latin1')]);
  const escape = (make: (code: number) => string): string =>
    text.replace(/[^ -~]/g, (letter) => make(letter.charCodeAt(0)));
  const wrapped: [string, string][] = [
    ['JSON escapes', escape((code) => `\\u${code.toString(16).padStart(4, '0')}`)],
    ['HTML entities', escape((code) => `&#${String(code)};`)],
    ['percent', encodeURIComponent(text)],
    ['percent, every byte', [...utf8].map((byte) => `%${byte.toString(16).padStart(2, '0')}`).join('')],
    ['decimal codes', [...utf8].join(' ')],
  ];
  for (const [name, bytes] of raw) {
    const hex = bytes.toString('hex');
    wrapped.push([`${name}, hexadecimal`, hex], [`${name}, hexadecimal, large`, hex.toUpperCase()]);
    for (const offset of [0, 1, 2]) {
      const inside = base64Inside(bytes, offset);
      wrapped.push(
        [`${name}, Base64`, inside],
        [`${name}, Base64 for URLs`, inside.replace(/\+/g, '-').replace(/\//g, '_')],
      );
    }
  }
  const all = [...raw, ...wrapped.map(([name, written]): [string, Buffer] => [name, Buffer.from(written, 'latin1')])];
  // Several may come to the same bytes: the first and simplest names them.
  const byBytes = new Map(
    all.toReversed().map(([encoding, pattern]) => [pattern.toString('hex'), { encoding, pattern }]),
  );
  // Fewer than four bytes come by chance.
  return [...byBytes.values()].filter(({ pattern }) => pattern.length >= 4);
}

/** The letters that are in any Base64 text in which these bytes begin so many bytes after a multiple of three. */
function base64Inside(bytes: Buffer, offset: number): string {
  const text = Buffer.concat([Buffer.alloc(offset), bytes])
    .toString('base64')
    .replace(/=+$/, '');
  const first = Math.ceil((offset * 8) / 6);
  const whole = Math.floor(((offset + bytes.length) * 8) / 6);
  return text.slice(first, whole);
}
