/** Snapshots of the book: its content at one position, saved for a quicker start; a cache, and no more. */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { isCode } from '../failure.ts';
import type { BookColumns, LiveBook } from './book.ts';
import type { Copying } from './copying.ts';
import { finish } from './copying.ts';
import type { SeenKeys } from './seen-keys.ts';
import type { Snapshot, Unusable } from './snapshot-file.ts';
import { fromBytes, writeSnapshot } from './snapshot-file.ts';
import type { TerminalCash } from './terminal-cash.ts';

export interface SnapshotStore {
  /** Undefined when there is none. What it says of the journal is the caller's to check. Never rejects. */
  load(): Promise<Snapshot | Unusable | undefined>;
  /** Of the book as it is when it is called, whatever it becomes meanwhile; only while it holds what is committed alone. */
  readonly save: SaveSnapshot;
}

export type SnapshotPosition = Pick<Snapshot, 'position' | 'eventId'>;

/** What is saved beside the book. */
type Beside = { readonly cash: TerminalCash; readonly seen?: SeenKeys };

/** Saves the book as of a position, for a quicker start. */
type SaveSnapshot = (book: LiveBook, at: SnapshotPosition, beside: Beside) => Promise<void>;

/** What the book becomes later leaves it as it is; the terminals are few and copied at once. */
function startCopy(book: LiveBook, at: SnapshotPosition, { cash, seen }: Beside): Copying<Snapshot> {
  const { day, terminals } = cash.columns();
  const beside = { ...at, cash: { day, terminals: new Map(terminals) } };
  const [ofBook, ofKeys] = [book.startCopy(), seen?.startCopy()];
  let columns: BookColumns | undefined;
  return {
    step() {
      if (columns === undefined) columns = ofBook.step();
      else if (ofKeys === undefined) return { ...beside, columns };
      else {
        const keys = ofKeys.step();
        if (keys !== undefined) return { ...beside, columns, seen: keys };
      }
      return undefined;
    },
  };
}

export const takeSnapshot = (book: LiveBook, at: SnapshotPosition, beside: Beside): Snapshot =>
  finish(startCopy(book, at, beside));

/** Less than this is made into bytes sooner than a thread is started. A judgement. */
const smallBytes = 1_000_000;

/** The latest snapshot in one file; a large one is made into bytes and written by a thread of its own. */
export function fileSnapshots({ path }: { readonly path: string }): SnapshotStore {
  return {
    async load() {
      try {
        return fromBytes(await readFile(path));
      } catch (error) {
        return isCode(error, 'ENOENT') ? undefined : { unusable: String(error) };
      }
    },
    async save(book, at, beside) {
      const copying = startCopy(book, at, beside);
      let snapshot = copying.step();
      for (; snapshot === undefined; snapshot = copying.step()) await immediate();
      const buffers = buffersOf(snapshot);
      if (buffers.reduce((sum, { byteLength }) => sum + byteLength, 0) < smallBytes) {
        await writeSnapshot(path, snapshot);
        return;
      }
      const worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), {
        workerData: { path, snapshot },
        // The copies are given away, not copied again.
        transferList: buffers,
      });
      const [code] = (await once(worker, 'exit')) as [number];
      if (code !== 0) throw new Error(`the thread that writes the snapshot ended with ${String(code)}`);
    },
  };
}

function buffersOf({ columns, seen = [] }: Snapshot): ArrayBuffer[] {
  const { numbers, balances, floors, versions, statuses, currencies, customers, reversedPositions } = columns;
  const ofBook = [numbers, balances, floors, versions, statuses, currencies, customers, reversedPositions];
  const ofKeys = seen.flatMap((part) => (part === undefined ? [] : [part.words, part.rests]));
  return [...ofBook, ...ofKeys].map(({ buffer }) => buffer as ArrayBuffer);
}
