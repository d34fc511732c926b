/** A world in which everything goes wrong sooner or later: a journal, a key index and turns with faults and delays. */
import { BrokenHistory } from '../../src/domain/account.ts';
import { decode } from '../../src/domain/codec.ts';
import type { KeyIndex } from '../../src/bookkeeper/key-index.ts';
import type { Turns } from '../../src/bookkeeper/turns.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Random, Scheduler } from './scheduler.ts';

/** What one server process sees of the world; once it is dead, nothing answers it any more. */
export type Process = { alive: boolean };

class Broken extends Error {
  override readonly name = 'ConnectionLost';
}

type World = { readonly time: Scheduler; readonly chance: Random; readonly faultPercent: number };

const never = new Promise<never>(() => undefined);

export function faultyJournal(real: Journal, { time, chance, faultPercent }: World, process: Process): Journal {
  const delayed = async <T>(work: () => Promise<T>): Promise<T> => {
    await time.sleep(1 + chance.below(5));
    if (!process.alive) return never;
    if (chance.chance(faultPercent)) throw new Broken('before');
    const result = await work();
    await time.sleep(1 + chance.below(5));
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may die while it sleeps
    if (!process.alive) return never;
    if (chance.chance(faultPercent)) throw new Broken('after');
    return result;
  };
  return {
    largestAppendBytes: real.largestAppendBytes,
    head: () => delayed(() => real.head()),
    read: (options) => delayed(() => real.read(options)),
    readAt: (positions) => delayed(() => real.readAt(positions)),
    append(events, options) {
      // What was sent arrives, even when its sender is dead by then or has stopped waiting for the answer.
      if (chance.chance(faultPercent)) {
        time.at(chance.below(60), () => void real.append(events, options));
        return delayed(() => Promise.reject(new Broken('still on its way')));
      }
      return delayed(() => real.append(events, options));
    },
    follow: () => {
      throw new BrokenHistory('the bookkeeper does not follow');
    },
    close: () => Promise.resolve(),
  };
}

/** A read model that lags behind the journal and sometimes cannot be asked. */
export function laggingKeyIndex(real: Journal, world: World): { readonly forProcess: (process: Process) => KeyIndex } {
  const { time, chance, faultPercent } = world;
  const positions = new Map<string, number>();
  let checkpoint = 0;
  const project = async (): Promise<void> => {
    const events = await real.read({ from: checkpoint + 1, limit: chance.below(6) });
    for (const stored of events) {
      const { metadata, position } = decode(stored);
      if (!positions.has(metadata.commandId)) positions.set(metadata.commandId, position);
      checkpoint = position;
    }
    time.at(5 + chance.below(30), () => void project());
  };
  time.at(0, () => void project());
  return {
    forProcess: (process) => ({
      async lookUp(commandIds) {
        await time.sleep(1 + chance.below(4));
        if (!process.alive) return never;
        if (chance.chance(faultPercent)) throw new Broken('look-up');
        const answer = {
          checkpoint,
          positions: new Map(
            commandIds.flatMap((id) => {
              const position = positions.get(id);
              return position === undefined ? [] : [[id, position] as const];
            }),
          ),
        };
        await time.sleep(1 + chance.below(4));
        // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may die while it sleeps
        return process.alive ? answer : never;
      },
    }),
  };
}

/** Turns in the order of asking; the turn of a process that died falls free. */
export function fairTurns({ time, chance, faultPercent }: World): { readonly forProcess: (process: Process) => Turns } {
  const asking: { readonly process: Process; readonly start: () => void }[] = [];
  let holder: Process | undefined;
  const next = (): void => {
    if (holder?.alive === true) return;
    holder = undefined;
    const first = asking.shift();
    if (first === undefined) return;
    if (!first.process.alive) {
      next();
      return;
    }
    holder = first.process;
    time.at(1, first.start);
  };
  const watch = (): void => {
    next();
    time.at(10, watch);
  };
  time.at(0, watch);
  return {
    forProcess: (process) => ({
      take() {
        if (chance.chance(faultPercent)) return Promise.reject(new Broken('turn'));
        return new Promise((resolve) => {
          asking.push({
            process,
            start: () => {
              resolve(() => {
                if (holder === process) holder = undefined;
                next();
                return Promise.resolve();
              });
            },
          });
          next();
        });
      },
    }),
  };
}
