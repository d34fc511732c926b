/** The bookkeeper's use of the writer lock: waited for and held within bounds, and done without while it cannot be had. */
import type { Dependencies } from './dependencies.ts';
import { BookkeeperStopped, deadlinesMs } from './reach.ts';
import type { Reach } from './reach.ts';

export interface WritingTurn {
  /** Runs `work` under the lock, or without it when somebody holds it for too long; `work` that takes too long loses it. */
  take<T>(work: () => Promise<T>): Promise<T>;
}

type TurnOptions = {
  readonly reach: Pick<Reach, 'within'>;
  readonly dependencies: Pick<Dependencies, 'writerLock' | 'timer' | 'onTrouble'>;
};

/** Where the lock could not be had, so many batches are written before it is asked for again. A judgement. */
const batchesWithout = 50;

export function createWritingTurn({ reach, dependencies }: TurnOptions): WritingTurn {
  const { writerLock, timer, onTrouble } = dependencies;
  let withoutLeft = 0;

  async function acquire(): Promise<() => void> {
    if (withoutLeft > 0) {
      withoutLeft -= 1;
      return nothing;
    }
    const timeoutMs = deadlinesMs.writerLock;
    const acquiring = writerLock.acquire({ timeoutMs });
    try {
      return releaseOnce(await reach.within({ what: 'the writer lock', timeoutMs, work: () => acquiring }));
    } catch (error) {
      // One that is given after all is given back at once.
      acquiring.then((release) => release()).catch(nothing);
      if (error instanceof BookkeeperStopped) throw error;
      onTrouble?.('the writer lock could not be had', error);
      withoutLeft = batchesWithout;
      return nothing;
    }
  }

  return {
    async take(work) {
      const release = await acquire();
      const cancel = timer(deadlinesMs.writerLockHeld, release);
      try {
        return await work();
      } finally {
        cancel();
        release();
      }
    },
  };
}

const nothing = (): void => undefined;

/** Nobody waits for the release: a database that does not answer it gives the lock back by itself. */
function releaseOnce(release: () => Promise<void>): () => void {
  let isReleased = false;
  return () => {
    if (isReleased) return;
    isReleased = true;
    release().catch(nothing);
  };
}
