/** Takes waiting commands out of the queue, finds out which were carried out before, and has the rest decided. */
import type { CommandQueue } from './command-queue.ts';
import type { Deciding } from './deciding.ts';
import type { KeyLookUp } from './key-look-up.ts';
import { nothingOlder } from './key-look-up.ts';
import type { Reach } from './reach.ts';
import type { Recovery } from './recovery.ts';

export interface Admission {
  /** True while keys are being looked up. */
  readonly isLookingUp: boolean;
  /** False when the pending batch takes no more. */
  readonly hasRoom: boolean;
  /** Takes as many commands as find room in the pending batch and decides those that are new. */
  takeIn(): Promise<void>;
}

type AdmissionOptions = {
  readonly queue: CommandQueue;
  readonly lookUp: KeyLookUp;
  readonly deciding: Deciding;
  readonly recovery: Pick<Recovery, 'isPaused' | 'needsLock'>;
  readonly reach: Pick<Reach, 'pause'>;
};

export function createAdmission({ queue, lookUp, deciding, recovery, reach }: AdmissionOptions): Admission {
  let isLookingUp = false;
  return {
    get isLookingUp() {
      return isLookingUp;
    },
    get hasRoom() {
      return deciding.room() > 0;
    },
    async takeIn() {
      if (!lookUp.isNeeded) {
        deciding.decideAll(queue.take(deciding.room()), nothingOlder);
        return;
      }
      isLookingUp = true;
      const found = await lookUp.take(deciding.room());
      if (found === undefined) await reach.pause(lookUp.waitMs);
      isLookingUp = false;
      if (found === undefined) return;
      if (recovery.isPaused || recovery.needsLock) queue.putBack(found.commands);
      else deciding.decideAll(found.commands, found.older);
    },
  };
}
