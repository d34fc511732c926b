/** Sorts rows that were set aside: an external merge sort, so that memory stays flat however many there are. */
import type { RowFile } from './row-file.ts';
import { openRowFile } from './row-file.ts';

type Compare<T> = (one: T, other: T) => number;

/** Rows sorted in memory at once; each such run is read again a piece at a time. */
const runRows = 100_000;
const pieceRows = 1_000;

/** Gives the sorted rows in a file of their own; the given one stays as it is. */
export async function sortRows<T extends Readonly<Record<string, unknown>>>(
  rows: RowFile<T>,
  compare: Compare<T>,
  { rowsOfRun = runRows, onRows }: { readonly rowsOfRun?: number; readonly onRows: (count: number) => void },
): Promise<RowFile<T>> {
  const runs: RowFile<T>[] = [];
  const sorted = await openRowFile<T>();
  try {
    let run: T[] = [];
    for await (const some of rows.rows()) {
      run.push(...some);
      if (run.length >= rowsOfRun) {
        runs.push(await sortedRun(run, compare));
        run = [];
      }
    }
    if (run.length > 0) runs.push(await sortedRun(run, compare));
    let piece: T[] = [];
    for await (const row of merged(runs, compare)) {
      piece.push(row);
      if (piece.length < pieceRows) continue;
      await sorted.add(piece);
      onRows(piece.length);
      piece = [];
    }
    if (piece.length > 0) await sorted.add(piece);
    onRows(piece.length);
    return sorted;
  } catch (error) {
    await sorted.close();
    throw error;
  } finally {
    for (const run of runs) await run.close();
  }
}

async function sortedRun<T extends Readonly<Record<string, unknown>>>(
  rows: readonly T[],
  compare: Compare<T>,
): Promise<RowFile<T>> {
  const inOrder = rows.toSorted(compare);
  const run = await openRowFile<T>();
  for (let start = 0; start < inOrder.length; start += pieceRows) {
    await run.add(inOrder.slice(start, start + pieceRows));
  }
  return run;
}

/** Always the least of the runs' next rows: a piece of each run is in memory. */
async function* merged<T extends Readonly<Record<string, unknown>>>(
  runs: readonly RowFile<T>[],
  compare: Compare<T>,
): AsyncGenerator<T> {
  const heads: { row: T; readonly rest: AsyncGenerator<T> }[] = [];
  for (const run of runs) {
    const rest = oneByOne(run);
    const first = await rest.next();
    if (first.done !== true) heads.push({ row: first.value, rest });
  }
  while (heads.length > 0) {
    let least = 0;
    for (let index = 1; index < heads.length; index += 1) {
      const [one, other] = [heads[index], heads[least]];
      if (one !== undefined && other !== undefined && compare(one.row, other.row) < 0) least = index;
    }
    const head = heads[least];
    if (head === undefined) return;
    yield head.row;
    const next = await head.rest.next();
    if (next.done === true) heads.splice(least, 1);
    else head.row = next.value;
  }
}

async function* oneByOne<T extends Readonly<Record<string, unknown>>>(file: RowFile<T>): AsyncGenerator<T> {
  for await (const some of file.rows()) yield* some;
}
