/** Starts the thread of a verification and tells whether it began; the server's stop ends it, and it says how far it came. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { VerificationEnd } from '../audit/record-verification.ts';
import type { StartVerification } from '../audit/verifications.ts';
import type { VerificationInstruction, VerificationMessage, VerificationOrder } from './verification-thread.ts';

export type VerificationStarter = {
  readonly start: StartVerification;
  /** Ends the one under way, once it has recorded how far it came, or after a time. */
  readonly close: () => Promise<void>;
};

/** Less than what a stopping server has (`main.ts`). */
const endWithinMs = 5_000;

/** Never rejects; `signal`: nobody waits any more. */
type RecordEndOf = (end: VerificationEnd, startedBy: string, signal: AbortSignal) => Promise<boolean | undefined>;

export function verificationStarter(
  order: Omit<VerificationOrder, 'startedBy'>,
  recordEnd: RecordEndOf,
  onTrouble: (error: unknown) => void,
): VerificationStarter {
  const running = new Set<Worker>();

  const start: StartVerification = (startedBy) => {
    // A second one would only be turned away by the lock.
    if (running.size > 0) return Promise.resolve('under way already');
    const began = Promise.withResolvers<Awaited<ReturnType<StartVerification>>>();
    const workerData: VerificationOrder = { ...order, startedBy };
    const thread = new Worker(new URL('verification-thread.ts', import.meta.url), { workerData });
    running.add(thread);
    const gone = new AbortController();
    thread.on('message', (message: VerificationMessage) => {
      if (message.is === 'begun') began.resolve(message.id);
      else if (message.is === 'under way already') began.resolve(message.is);
      else if (message.is === 'ended') {
        void recordEnd(message.end, startedBy, gone.signal).then((isRecorded) => {
          tell(thread, { is: 'recorded', isRecorded });
        });
      } else {
        onTrouble(message.error);
        began.resolve(undefined);
      }
    });
    thread.on('error', onTrouble);
    thread.once('exit', () => {
      running.delete(thread);
      gone.abort();
      // After whatever it said; without a word it began nothing.
      began.resolve(undefined);
    });
    return began.promise;
  };

  const tell = (thread: Worker, instruction: VerificationInstruction): void => {
    thread.postMessage(instruction);
  };

  async function end(thread: Worker): Promise<void> {
    const exited = once(thread, 'exit');
    tell(thread, { is: 'stop' });
    const timer = setTimeout(() => void thread.terminate(), endWithinMs);
    await exited;
    clearTimeout(timer);
  }

  return {
    start,
    close: async () => {
      await Promise.all([...running].map(end));
    },
  };
}
