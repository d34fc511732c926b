/** Starts each step of the bookkeeper's work as soon as it can be, one after another's end, until it is idle or broken. */
import type { Admission } from './admission.ts';
import { isEmpty } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Commit } from './commit.ts';
import type { Dependencies } from './dependencies.ts';
import type { GivingUp } from './giving-up.ts';
import { unavailable, wasNeverSent } from './giving-up.ts';
import type { KeyLookUp } from './key-look-up.ts';
import type { Pipeline } from './pipeline.ts';
import type { Reach } from './reach.ts';
import { BookkeeperStopped } from './reach.ts';
import type { Recovery } from './recovery.ts';
import type { Snapshotting } from './snapshotting.ts';

export interface WorkLoop {
  /** Nothing waits, nothing is in flight and the book is not being brought up to date. */
  readonly isIdle: boolean;
  /** Why nothing can go on any more: broken history, a defect, or `BookkeeperStopped`. */
  readonly broken: Error | undefined;
  /** Starts what can be started, once everything that is ready now has run. */
  wake(): void;
  /** Starts what can be started now. */
  proceed(): void;
  /** Ends all work: every command that waits gets this error. */
  fail(reason: unknown): void;
  /** Settles when it is idle or broken. */
  ended(): Promise<void>;
}

type WorkLoopOptions = {
  readonly queue: CommandQueue;
  readonly batches: Pipeline;
  readonly lookUp: KeyLookUp;
  readonly admission: Admission;
  readonly commit: Commit;
  readonly recovery: Recovery;
  readonly givingUp: GivingUp;
  readonly reach: Pick<Reach, 'forget'>;
  readonly snapshots: Snapshotting;
  readonly dependencies: Pick<Dependencies, 'schedule' | 'onBroken'>;
};

export function createWorkLoop(options: WorkLoopOptions): WorkLoop {
  const { queue, batches, lookUp, admission, commit, recovery, givingUp, reach, snapshots, dependencies } = options;
  const { schedule, onBroken } = dependencies;
  let isScheduled = false;
  let broken: Error | undefined;
  let idle = Promise.withResolvers<undefined>();

  const isIdle = (): boolean => queue.size === 0 && batches.isEmpty && !admission.isLookingUp && !recovery.isPaused;

  function proceed(): void {
    if (recovery.isPaused || broken !== undefined) return;
    givingUp.giveUp();
    // Between two batches the book holds exactly what is committed: only then may it be saved.
    if (snapshots.isDue && batches.isEmpty && !admission.isLookingUp) snapshots.begin();
    if (recovery.needsLock) {
      if (batches.writing === undefined && !admission.isLookingUp && queue.length > 0) run(recovery.writeUnderLock());
    } else {
      takeIn();
      if (batches.writing === undefined && !isEmpty(batches.pending)) {
        run(write());
        // The next batch is decided while this one is being written, though nobody new may come meanwhile.
        takeIn();
      }
    }
    if (isIdle()) {
      // What was sent is settled: only the next append can tell whether there are any.
      reach.forget('appends');
      idle.resolve(undefined);
      idle = Promise.withResolvers();
    }
  }

  function takeIn(): void {
    if (!admission.isLookingUp && queue.length > 0 && admission.hasRoom && !snapshots.isDue) run(admission.takeIn());
  }

  async function write(): Promise<void> {
    const batch = batches.startWriting();
    const appended = await commit.append(batch);
    if (appended === 'written') commit.settle(batch);
    else await recovery.recover(appended);
  }

  /** Runs a step of its own; a step fails by a defect, broken history or the bookkeeper's end, and then nothing may go on. */
  function run(step: Promise<void>): void {
    step.then(proceed, fail);
  }

  function fail(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    if (broken !== undefined) return;
    broken = error;
    const isStopped = error instanceof BookkeeperStopped;
    if (!isStopped) onBroken?.(error);
    // Stopped, the book is as of the head again; broken, nobody knows what it is.
    const decided = isStopped ? batches.takeBack() : batches.commands();
    for (const command of [...decided, ...lookUp.remove(() => true), ...queue.clear()]) {
      if (isStopped && wasNeverSent(command)) command.answer({ accepted: false, rejection: unavailable });
      else command.fail(error);
    }
    idle.resolve(undefined);
  }

  return {
    get isIdle() {
      return isIdle();
    },
    get broken() {
      return broken;
    },
    wake() {
      if (isScheduled) return;
      isScheduled = true;
      schedule(() => {
        isScheduled = false;
        proceed();
      });
    },
    proceed,
    fail,
    async ended() {
      while (!isIdle() && broken === undefined) await idle.promise;
    },
  };
}
