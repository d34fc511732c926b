/** Looking up the idempotency keys that are no longer cached, in the read model. */
import type { KeyIndex } from '../journal/key-index.ts';
import type { Waiting } from './batch.ts';
import type { Dependencies, Limits } from './dependencies.ts';
import type { RecentKeys } from './recent-keys.ts';

/** Positions of commands' first events, complete for everything up to `checkpoint`. */
export type OlderKeys = Awaited<ReturnType<KeyIndex['lookUp']>>;

export const nothingOlder: OlderKeys = { checkpoint: 0, positions: new Map() };

export interface KeyLookUp {
  /** False while every key of the journal's past is cached, and need not be forgotten yet. */
  readonly isNeeded: boolean;
  /** Of these commands' keys, those that are not cached; undefined when the read model cannot tell. */
  find(commands: readonly Waiting[]): Promise<OlderKeys | undefined>;
}

export function createKeyLookUp(
  recent: RecentKeys,
  { keys, onTrouble }: Pick<Dependencies, 'keys' | 'onTrouble'>,
  { cachedKeys }: Pick<Limits, 'cachedKeys'>,
): KeyLookUp {
  return {
    get isNeeded() {
      return recent.forgottenUpTo > 0 || recent.size > cachedKeys;
    },
    async find(commands) {
      const unknown = commands
        .map(({ submission }) => submission.commandId)
        .filter((id) => recent.positionOf(id) === undefined);
      try {
        const older = await keys.lookUp(unknown);
        if (older.checkpoint >= recent.forgottenUpTo) return older;
        onTrouble?.(`the read model is back at ${String(older.checkpoint)}, before ${String(recent.forgottenUpTo)}`);
      } catch (error) {
        onTrouble?.('the look-up of idempotency keys failed', error);
      }
      return undefined;
    },
  };
}
