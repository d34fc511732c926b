/** Reads one file's rows as values: every row that is none becomes a problem with its line. */
import { basename } from 'node:path';
import type { FileFormat } from './bank-files.ts';
import { usualFormat } from './bank-files.ts';
import { readRows } from './csv-rows.ts';
import type { Problem } from './problems.ts';
import type { Shape } from './row-shapes.ts';

export type TypedRow<T> = T & { readonly line: number };

/** With the request hash of the command that it becomes. */
export type HashedRow<T> = TypedRow<T> & { readonly requestHash: string };

/** In pieces, so that a million rows cost no million waits. */
export async function* typedRows<T extends object>(
  path: string,
  shape: Shape<T>,
  {
    format = usualFormat,
    onProblem,
  }: { readonly format?: FileFormat | undefined; readonly onProblem: (problem: Problem) => void },
): AsyncGenerator<readonly TypedRow<T>[]> {
  const file = basename(path);
  for await (const rows of readRows(path, { header: shape.header, separator: format.separator }, onProblem)) {
    const typed: TypedRow<T>[] = [];
    for (const { line, fields } of rows) {
      const parsed = shape.parse(fields, format);
      if ('value' in parsed) typed.push({ ...parsed.value, line });
      else onProblem({ file, line, ...parsed });
    }
    yield typed;
  }
}
