/** Every wait for the outside: over by its deadline or when the bookkeeper ends; who fails for too long counts as cut off. */
import type { Journal } from '../journal/journal.ts';
import type { KeyIndex } from '../journal/key-index.ts';
import type { Timer } from '../timer.ts';

/** Thrown where there was no answer by the deadline: whether it was done is then unknown. */
export class TimedOut extends Error {
  override readonly name = 'TimedOut';
}

/** Thrown by every wait when the bookkeeper ends before it is over. */
export class BookkeeperStopped extends Error {
  override readonly name = 'BookkeeperStopped';
}

/** How long each wait lasts at most, in milliseconds. Judgements: docs/decisions/bookkeeper.md says what each is for. */
export const deadlinesMs = {
  journal: 10_000,
  head: 2_000,
  keys: 10_000,
  writerLock: 1_000,
  writerLockHeld: 2_000,
  cutOffAfter: 1_500,
  stop: 3_000,
} as const;

/** What must answer before a command can be carried out. */
export type Resource = 'journal' | 'appends' | 'keys';

/** `work` is given up, as far as it can be, when the wait is over before it is. */
type Call<T> = {
  readonly what: string;
  readonly timeoutMs: number;
  readonly work: (signal: AbortSignal) => Promise<T>;
};

export interface Reach {
  /** True while one of them has neither answered nor stopped failing for `cutOffAfter`. */
  readonly isCutOff: boolean;
  /** True from a resource's first failure, or first wait of that length, to its next answer. */
  isFailing(resource: Resource): boolean;
  /** Nothing is known of it any more. */
  forget(resource: Resource): void;
  /** To be called at the moment it is cut off. */
  whenCutOff(run: () => void): void;
  /** A wait that says nothing of a resource. */
  within<T>(call: Call<T>): Promise<T>;
  /** Resolves after so long; rejects when the bookkeeper ends before. */
  pause(delayMs: number): Promise<void>;
  /** The same journal and keys, each call bounded. */
  boundedJournal(journal: Journal): Journal;
  boundedKeys(keys: KeyIndex): KeyIndex;
}

type ReachOptions = { readonly timer: Timer; /** Ends every wait. */ readonly ended: AbortSignal };

export function createReach({ timer, ended }: ReachOptions): Reach {
  /** Of each that is failing: cancels the timer by which it is cut off; `isCutOff` once that has run. */
  const failing = new Map<Resource, { isCutOff: boolean; readonly cancel: () => void }>();
  let tellCutOff = (): void => undefined;

  function cutOff(resource: Resource): void {
    forget(resource);
    failing.set(resource, { isCutOff: true, cancel: () => undefined });
    tellCutOff();
  }

  function forget(resource: Resource): void {
    failing.get(resource)?.cancel();
    failing.delete(resource);
  }

  function fails(resource: Resource): void {
    if (failing.has(resource) || ended.aborted) return;
    const cancel = timer(deadlinesMs.cutOffAfter, () => {
      cutOff(resource);
    });
    failing.set(resource, { isCutOff: false, cancel });
  }

  async function call<T>(resource: Resource, wait: Call<T>): Promise<T> {
    const cancel = timer(deadlinesMs.cutOffAfter, () => {
      cutOff(resource);
    });
    try {
      const result = await within(wait);
      forget(resource);
      return result;
    } catch (error) {
      fails(resource);
      throw error;
    } finally {
      cancel();
    }
  }

  function within<T>({ what, timeoutMs, work }: Call<T>): Promise<T> {
    if (ended.aborted) return Promise.reject(stopped());
    return new Promise((resolve, reject) => {
      const givingUp = new AbortController();
      const giveUp = (reason: Error): void => {
        over();
        reject(reason);
        givingUp.abort(reason);
      };
      const cancel = timer(timeoutMs, () => {
        giveUp(new TimedOut(`${what} took longer than ${String(timeoutMs)} ms`));
      });
      const end = (): void => {
        giveUp(stopped());
      };
      const over = (): void => {
        cancel();
        ended.removeEventListener('abort', end);
      };
      ended.addEventListener('abort', end);
      // What comes after the deadline is nobody's any more.
      work(givingUp.signal).then(
        (result) => {
          over();
          resolve(result);
        },
        (error: unknown) => {
          over();
          reject(error instanceof Error ? error : new Error(String(error)));
        },
      );
    });
  }

  return {
    get isCutOff() {
      for (const { isCutOff } of failing.values()) if (isCutOff) return true;
      return false;
    },
    isFailing: (resource) => failing.has(resource),
    forget,
    whenCutOff(run) {
      tellCutOff = run;
    },
    within,
    pause(delayMs) {
      if (ended.aborted) return Promise.reject(stopped());
      return new Promise((resolve, reject) => {
        const end = (): void => {
          cancel();
          reject(stopped());
        };
        const cancel = timer(delayMs, () => {
          ended.removeEventListener('abort', end);
          resolve();
        });
        ended.addEventListener('abort', end);
      });
    },
    boundedJournal(journal) {
      const { journal: timeoutMs, head: headMs } = deadlinesMs;
      return {
        get largestAppendBytes() {
          return journal.largestAppendBytes;
        },
        ...(journal.keys && { keys: journal.keys }),
        head: () =>
          call('journal', {
            ...{ what: 'asking for the head', timeoutMs: headMs },
            work: (signal) => journal.head({ signal }),
          }),
        read: (range) =>
          call('journal', {
            ...{ what: 'reading the journal', timeoutMs },
            work: (signal) => journal.read({ ...range, signal }),
          }),
        readAt: (positions) =>
          call('journal', {
            ...{ what: 'reading the journal', timeoutMs },
            work: (signal) => journal.readAt(positions, { signal }),
          }),
        append: (events, options) =>
          call('appends', {
            ...{ what: 'an append', timeoutMs },
            work: (signal) => journal.append(events, { ...options, signal }),
          }),
        follow: (options) => journal.follow(options),
        close: () => journal.close(),
      };
    },
    boundedKeys: (keys) => ({
      lookUp: (commandIds) =>
        call('keys', {
          what: 'the look-up of idempotency keys',
          timeoutMs: deadlinesMs.keys,
          work: (signal) => keys.lookUp(commandIds, { signal }),
        }),
    }),
  };
}

const stopped = (): BookkeeperStopped => new BookkeeperStopped('the bookkeeper has stopped');
