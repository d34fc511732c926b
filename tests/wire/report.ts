/** The report of a recorded visit, for people: handshake, what went over the wire by operation, and what was found. */
import type { Handshake } from './handshake.ts';
import type { Piece, Recording } from './recording.ts';
import type { Found } from './search.ts';
import type { Operation, Visit } from './visit.ts';

export type Report = {
  readonly at: Date;
  readonly recording: Recording;
  readonly visit: Visit;
  readonly handshake: Handshake | undefined;
  readonly found: Found;
};

/** Nothing secret was found, in a recording that holds the whole visit. */
export const isSafe = ({ handshake, found, visit, recording }: Report): boolean =>
  handshake !== undefined &&
  found.finds.length === 0 &&
  visit.operations.every((operation) => of(operation, recording.pieces).length > 0);

const of = ({ fromMs, untilMs }: Operation, pieces: readonly Piece[]): readonly Piece[] =>
  pieces.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs);

const bytesOf = (pieces: readonly Piece[], from?: Piece['from']): number =>
  pieces.filter((piece) => from === undefined || piece.from === from).reduce((sum, { bytes }) => sum + bytes.length, 0);

export function reportText(report: Report): string {
  const { at, recording, visit, handshake, found } = report;
  const rows = visit.operations.map((operation) => ({ operation, pieces: of(operation, recording.pieces) }));
  const most = Math.max(1, ...rows.map(({ pieces }) => bytesOf(pieces)));
  const table = rows.map(({ operation, pieces }) => {
    const bar = '█'.repeat(Math.max(1, Math.round((24 * bytesOf(pieces)) / most)));
    return `| ${operation.name} | ${String(pieces.length)} | ${String(bytesOf(pieces, 'customer'))} | ${String(bytesOf(pieces, 'bank'))} | ${bar} |`;
  });
  const verdict = isSafe(report)
    ? `**Nothing readable.** ${String(found.patterns)} patterns were looked for in ${String(found.bytes)} bytes; none is there.`
    : handshake === undefined
      ? '**Not protected.** There is no TLS on this wire.'
      : found.finds.length > 0
        ? '**Not protected.** Secrets are readable on this wire.'
        : '**No verdict.** Some operations left nothing in the recording.';
  return [
    '# What a listener hears of a customer’s visit',
    '',
    `Recorded ${at.toISOString()} by ${recording.recorder}: ${String(recording.pieces.length)} ${recording.unit}, ${String(bytesOf(recording.pieces))} bytes.`,
    '',
    verdict,
    '',
    '## Handshake',
    '',
    handshake === undefined ? 'None.' : `${handshake.version}, ${handshake.cipher}.`,
    '',
    '## By operation',
    '',
    `| operation | ${recording.unit} | bytes from the customer | bytes from the bank | |`,
    '| --- | ---: | ---: | ---: | --- |',
    ...table,
    '',
    '## What was looked for',
    '',
    `${visit.secrets.map(({ what }) => what).join(', ')}; each as it is, in capitals, without accents, amounts also in cents and in French; in UTF-8, UTF-16, Latin-1, and these in hexadecimal, Base64, percent-encoding, JSON escapes, HTML entities and decimal codes; across the ends of ${recording.unit}.`,
    '',
    ...(found.finds.length === 0
      ? []
      : [
          '## Found',
          '',
          ...found.finds.map(({ what, encoding, from }) => `- ${what}, from the ${from}, as ${encoding}`),
          '',
        ]),
  ].join('\n');
}
