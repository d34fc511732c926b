/** Looking up the idempotency keys that are no longer cached, in the read model; the commands they belong to are held meanwhile. */
import { backOff } from '../back-off.ts';
import type { KeyIndex } from '../journal/key-index.ts';
import type { Waiting } from './batch.ts';
import type { CommandQueue } from './command-queue.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import { retryMs } from './dependencies.ts';
import { BookkeeperStopped } from './reach.ts';
import type { RecentKeys } from './recent-keys.ts';

/** Positions of commands' first events, complete for everything up to `checkpoint`. */
export type OlderKeys = Awaited<ReturnType<KeyIndex['lookUp']>>;

export const nothingOlder: OlderKeys = { checkpoint: 0, positions: new Map() };

export interface KeyLookUp {
  /** False while every key of the journal's past is cached, and need not be forgotten yet. */
  readonly isNeeded: boolean;
  /** The commands whose keys are being looked up. */
  readonly inHand: readonly Waiting[];
  /**
   * Takes the oldest commands out of the queue, at most so many, and finds those of their keys that are not cached.
   * Undefined when the read model cannot tell: the commands are in the queue again.
   */
  take(most: number): Promise<{ readonly commands: readonly Waiting[]; readonly older: OlderKeys } | undefined>;
  /** How far the read model is; undefined when it cannot tell. */
  checkpoint(): Promise<number | undefined>;
  /** How long to wait before the next look-up, after those that failed in a row. */
  readonly waitMs: number;
  /** Takes out of what is in hand, for good, the commands that fit. */
  remove(fits: (command: Waiting) => boolean): Waiting[];
}

type LookUpOptions = {
  readonly queue: CommandQueue;
  readonly keys: RecentKeys;
  readonly dependencies: Pick<Dependencies, 'keys' | 'onTrouble'>;
  readonly limits: Pick<Limits, 'cachedKeys'>;
};

const waitMs = backOff(retryMs);

export function createKeyLookUp({ queue, keys: recent, dependencies, limits }: LookUpOptions): KeyLookUp {
  const { keys, onTrouble } = dependencies;
  let inHand: readonly Waiting[] = [];
  let failures = 0;

  async function find(commandIds: readonly string[]): Promise<OlderKeys | undefined> {
    try {
      const older = await keys.lookUp(commandIds);
      if (older.checkpoint >= recent.forgottenUpTo) {
        failures = 0;
        return older;
      }
      onTrouble?.(`the read model is back at ${String(older.checkpoint)}, before ${String(recent.forgottenUpTo)}`);
    } catch (error) {
      if (error instanceof BookkeeperStopped) throw error;
      onTrouble?.('the look-up of idempotency keys failed', error);
    }
    failures += 1;
    return undefined;
  }

  /** What is in hand, which is then the caller's. */
  function handOver(): readonly Waiting[] {
    const commands = inHand;
    inHand = [];
    return commands;
  }

  return {
    get isNeeded() {
      return recent.forgottenUpTo > 0 || recent.size > limits.cachedKeys;
    },
    get inHand() {
      return inHand;
    },
    get waitMs() {
      return waitMs(Math.max(failures - 1, 0));
    },
    async take(most) {
      inHand = queue.take(most);
      const unknown = inHand
        .map(({ submission }) => submission.commandId)
        .filter((id) => recent.positionOf(id) === undefined);
      const older = await find(unknown);
      if (older !== undefined) return { commands: handOver(), older };
      queue.putBack(handOver());
      return undefined;
    },
    checkpoint: async () => (await find([]))?.checkpoint,
    remove(fits) {
      const removed = inHand.filter(fits);
      inHand = inHand.filter((command) => !fits(command));
      return removed;
    },
  };
}
