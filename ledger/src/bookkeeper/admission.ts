/** Takes waiting commands out of the queue, finds out which were carried out before, and has the rest decided. */
import type { CommandQueue } from './command-queue.ts';
import type { Deciding } from './deciding.ts';
import type { Dependencies } from './dependencies.ts';
import { retryMs } from './dependencies.ts';
import type { KeyLookUp } from './key-look-up.ts';
import { nothingOlder } from './key-look-up.ts';
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
  readonly sleep: Dependencies['sleep'];
};

export function createAdmission({ queue, lookUp, deciding, recovery, sleep }: AdmissionOptions): Admission {
  let isLookingUp = false;
  return {
    get isLookingUp() {
      return isLookingUp;
    },
    get hasRoom() {
      return deciding.room() > 0;
    },
    async takeIn() {
      const commands = queue.take(deciding.room());
      if (!lookUp.isNeeded) {
        deciding.decideAll(commands, nothingOlder);
        return;
      }
      isLookingUp = true;
      const older = await lookUp.find(commands);
      if (older === undefined) await sleep(retryMs.firstMs);
      isLookingUp = false;
      if (older === undefined || recovery.isPaused || recovery.needsLock) queue.putBack(commands);
      else deciding.decideAll(commands, older);
    },
  };
}
