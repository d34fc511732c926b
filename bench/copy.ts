/** Rows into the journal's table by COPY: one statement, one commit, nothing decided and nothing checked. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { StoredEvent } from '../ledger/src/domain/codec.ts';

/** An event as a line of COPY's text format, without its position. */
export const copyRow = ({ id, type, data, metadata }: StoredEvent): string =>
  `\t${id}\t${type}\t${escaped(data)}\t${escaped(metadata)}\n`;

const escaped = (text: string): string => text.replaceAll('\\', '\\\\');

/** The rows get the positions from `first` on. */
export async function copyRows(client: pg.ClientBase, first: number, rows: Iterable<string>): Promise<void> {
  const into = client.query(copyFrom('copy journal.events (position, id, type, data, metadata) from stdin'));
  await pipeline(Readable.from(pieces(first, rows)), into);
}

/** A socket takes a few large pieces better than many small ones. */
function* pieces(first: number, rows: Iterable<string>): Generator<string> {
  let position = first;
  let piece = '';
  for (const row of rows) {
    piece += String(position++) + row;
    if (piece.length > 100_000) {
      yield piece;
      piece = '';
    }
  }
  if (piece !== '') yield piece;
}
