/** Reads one file's rows as values: every row that is none becomes a problem with its line. */
import { basename } from 'node:path';
import { Failure } from '../failure.ts';
import { readRows } from './csv-rows.ts';
import type { Problem } from './problems.ts';
import type { Shape } from './row-shapes.ts';

export type TypedRow<T> = { readonly line: number; readonly value: T };

/** In pieces, so that a million rows cost no million waits. */
export async function* typedRows<T>(
  path: string,
  shape: Shape<T>,
  onProblem: (problem: Problem) => void,
): AsyncGenerator<readonly TypedRow<T>[]> {
  const file = basename(path);
  for await (const rows of readRows(path, shape.header, onProblem)) {
    const typed: TypedRow<T>[] = [];
    for (const { line, fields } of rows) {
      const parsed = shape.parse(fields);
      if ('value' in parsed) typed.push({ line, value: parsed.value });
      else onProblem({ file, line, ...parsed });
    }
    yield typed;
  }
}

/** The same for a file that was found whole before. Throws a `Failure` when it is not any more. */
export function rereadRows<T>(path: string, shape: Shape<T>): AsyncGenerator<readonly TypedRow<T>[]> {
  return typedRows(path, shape, ({ line }) => {
    throw new Failure(
      `${basename(path)}${line === undefined ? '' : `, line ${String(line)}`} was changed while it was imported. Put the file right and run the import again: it goes on where it stopped.`,
    );
  });
}
