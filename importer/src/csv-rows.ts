/** Reads a CSV file (quoted, UTF-8) row by row in flat memory, and knows the line of everything it cannot read. */
import { isUtf8 } from 'node:buffer';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { CsvError } from 'csv-parse';
import { parse } from 'csv-parse/sync';
import type { Separator } from './bank-files.ts';
import { separators } from './bank-files.ts';
import { faultInText } from '../../api/src/fields.ts';
import type { Problem } from './problems.ts';

export type RowFormat = { readonly header: readonly string[]; readonly separator: Separator };

export type Row = { readonly line: number; readonly fields: readonly string[] };

const chunkBytes = 256 * 1024;
const longestLineBytes = 64 * 1024;
const lineFeed = 0x0a;

/** Gives the rows below the header; what cannot be read goes to `onProblem`, and is left out. */
export async function* readRows(
  path: string,
  { header, separator }: RowFormat,
  onProblem: (problem: Problem) => void,
): AsyncGenerator<readonly Row[]> {
  const file = basename(path);
  const headerLine = header.join(separators[separator]);
  let headerSeen = false;
  for await (const { firstLine, bytes } of wholeLines(path, onProblem)) {
    if (!isUtf8(bytes)) {
      const line = firstLine + linesOf(bytes).findIndex((one) => !isUtf8(one));
      const reason = 'this line is not UTF-8 (Latin-1, perhaps)';
      onProblem({ file, line, reason, whatToDo: 'Save the file as UTF-8' });
      return;
    }
    const rows = parseLines(bytes, { firstLine, separator, file, onProblem });
    if (!headerSeen) {
      const first = rows.shift();
      const mistake = headerMistake(first?.fields ?? [], header);
      if (mistake !== undefined) {
        const whatToDo = `The first line must be ${headerLine}, or say with --separator what stands between the columns`;
        onProblem({ file, line: first?.line ?? 1, reason: mistake, whatToDo });
        return;
      }
      headerSeen = true;
    }
    const whole = rows.filter(({ line, fields }) => {
      const reason = fieldsMistake(fields, header);
      if (reason !== undefined) onProblem({ file, line, reason, whatToDo: 'Correct this line, or export it again' });
      return reason === undefined;
    });
    if (whole.length > 0) yield whole;
  }
  if (!headerSeen) {
    const whatToDo = `Give a file that begins with ${headerLine}`;
    onProblem({ file, reason: 'there is nothing in this file that can be read', whatToDo });
  }
}

/** The file in pieces that end where a line ends. */
async function* wholeLines(
  path: string,
  onProblem: (problem: Problem) => void,
): AsyncGenerator<{ readonly firstLine: number; readonly bytes: Buffer }> {
  const file = basename(path);
  let handle;
  try {
    handle = await open(path);
    let firstLine = 1;
    let rest: Buffer = Buffer.alloc(0);
    for await (const chunk of handle.createReadStream({ highWaterMark: chunkBytes, autoClose: false })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      const end = bytes.lastIndexOf(lineFeed) + 1;
      if (end > 0) yield { firstLine, bytes: bytes.subarray(0, end) };
      firstLine += countLines(bytes.subarray(0, end));
      rest = bytes.subarray(end);
      if (rest.length > longestLineBytes) {
        const reason = `this line is longer than ${String(longestLineBytes)} bytes`;
        onProblem({ file, line: firstLine, reason, whatToDo: 'Check that this is the right file' });
        return;
      }
    }
    if (rest.length > 0) yield { firstLine, bytes: rest };
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || !('syscall' in error)) throw error;
    const reason =
      error.code === 'ENOENT' ? 'this file does not exist' : `this file cannot be read (${String(error.code)})`;
    onProblem({ file: path, reason, whatToDo: 'Check the path and its permissions' });
  } finally {
    await handle?.close();
  }
}

/** No field may hold a line feed, so a row is a line, and a broken one is found by parsing its lines one by one. */
function parseLines(
  bytes: Buffer,
  {
    firstLine,
    separator,
    file,
    onProblem,
  }: {
    readonly firstLine: number;
    readonly separator: Separator;
    readonly file: string;
    readonly onProblem: (problem: Problem) => void;
  },
): Row[] {
  try {
    return parseText(bytes, firstLine, separator);
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
  }
  return linesOf(bytes).flatMap((text, index) => {
    const line = firstLine + index;
    try {
      return parseText(text, line, separator);
    } catch (error) {
      if (!(error instanceof CsvError)) throw error;
      const cut = error.code === 'CSV_QUOTE_NOT_CLOSED';
      const reason = cut ? 'a quote is opened and not closed: the line is cut off' : 'a quote is in the wrong place';
      onProblem({ file, line, reason, whatToDo: 'Correct this line, or export it again' });
      return [];
    }
  });
}

function parseText(text: Buffer, firstLine: number, separator: Separator): Row[] {
  const rows: Row[] = [];
  parse(text, {
    delimiter: separators[separator],
    bom: firstLine === 1,
    record_delimiter: ['\n', '\r\n'],
    relax_column_count: true,
    skip_empty_lines: true,
    on_record: (fields: string[], { lines }) => {
      rows.push({ line: firstLine + lines - 1, fields });
      return null;
    },
  });
  return rows;
}

function headerMistake(found: readonly string[], header: readonly string[]): string | undefined {
  const missing = header.filter((name) => !found.includes(name));
  if (missing.length > 0) return `the header lacks ${missing.join(', ')}`;
  if (found.length !== header.length) return `the header has ${String(found.length)} columns`;
  return found.every((name, index) => name === header[index]) ? undefined : 'the columns are in another order';
}

function fieldsMistake(fields: readonly string[], header: readonly string[]): string | undefined {
  if (fields.length !== header.length) {
    return `this line has ${String(fields.length)} fields instead of ${String(header.length)}`;
  }
  for (const [index, field] of fields.entries()) {
    const fault = field === '' ? undefined : faultInText(field);
    if (fault !== undefined) return `${header[index] ?? ''} holds ${faultNames[fault]}`;
  }
  return undefined;
}

const faultNames = {
  control: 'a control character or a line break',
  invisible: 'an invisible character or a mark of the direction of writing',
  'nothing visible': 'nothing that can be seen',
} as const;

function linesOf(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(lineFeed, start);
    const next = end === -1 ? bytes.length : end + 1;
    lines.push(bytes.subarray(start, next));
    start = next;
  }
  return lines;
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(lineFeed); at !== -1; at = bytes.indexOf(lineFeed, at + 1)) lines += 1;
  return lines;
}
