/** A thread that makes one snapshot's bytes and writes them, so that the bookkeeper goes on meanwhile. */
import { workerData } from 'node:worker_threads';
import type { Snapshot } from './snapshot-file.ts';
import { writeSnapshot } from './snapshot-file.ts';

const { path, snapshot } = workerData as { readonly path: string; readonly snapshot: Snapshot };
await writeSnapshot(path, snapshot);
