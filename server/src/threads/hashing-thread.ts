/** The thread that hashes a verification's events, while the verification itself folds and compares them. */
import type { KeyObject } from 'node:crypto';
import { parentPort, workerData } from 'node:worker_threads';
import { eventHashing } from '../audit/event-hashes.ts';
import type { FlatEvents } from './flat-events.ts';
import { fromFlat } from './flat-events.ts';

export type HashingOrder = { readonly macKey: KeyObject };

const { macKey } = workerData as HashingOrder;
const hashEvents = eventHashing(macKey);
parentPort?.on('message', (events: FlatEvents) => {
  void hashEvents(fromFlat(events)).then((hashes) => parentPort?.postMessage(hashes, [hashes.leaves.buffer]));
});
