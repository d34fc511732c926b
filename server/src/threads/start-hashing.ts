/** Starts the thread that hashes a verification's events. */
import type { KeyObject } from 'node:crypto';
import { Worker } from 'node:worker_threads';
import type { EventHashes, HashEvents } from '../audit/event-hashes.ts';
import { toFlat } from './flat-events.ts';
import type { HashingOrder } from './hashing-thread.ts';

export type Hashing = { readonly hashEvents: HashEvents; readonly close: () => Promise<void> };

/** A thread that fails rejects what was asked of it, and everything after. */
export function startHashing(macKey: KeyObject): Hashing {
  const workerData: HashingOrder = { macKey };
  const thread = new Worker(new URL('hashing-thread.ts', import.meta.url), { workerData });
  const asked: PromiseWithResolvers<EventHashes>[] = [];
  let failure: Error | undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    for (const one of asked.splice(0)) one.reject(error);
  };
  thread.on('message', (hashes: EventHashes) => asked.shift()?.resolve(hashes));
  thread.on('error', fail);
  thread.once('exit', () => {
    fail(new Error('the thread that hashes events has ended'));
  });
  return {
    hashEvents(events) {
      if (failure !== undefined) return Promise.reject(failure);
      const answer = Promise.withResolvers<EventHashes>();
      asked.push(answer);
      thread.postMessage(toFlat(events));
      return answer.promise;
    },
    close: async () => {
      await thread.terminate();
    },
  };
}
