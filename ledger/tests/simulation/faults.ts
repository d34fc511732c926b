/** A world in which everything goes wrong sooner or later: a journal, a key index and a writer lock with faults and delays. */
import { BrokenHistory } from '../../src/domain/account.ts';
import { decode } from '../../src/domain/codec.ts';
import type { KeyIndex } from '../../src/journal/key-index.ts';
import type { WriterLock } from '../../src/bookkeeper/writer-lock.ts';
import type { Journal } from '../../src/journal/journal.ts';
import type { Random, Scheduler } from './scheduler.ts';

/** What one server process sees of the world; once it is dead, nothing answers it any more. */
export type Process = { alive: boolean };

class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

type World = {
  readonly time: Scheduler;
  readonly chance: Random;
  readonly faultPercent: number;
  /** How many calls take seconds. */
  readonly slowPercent: number;
  /** What cannot be reached just now, and how that shows. */
  readonly outages: Outages;
};

/** `refused` fails at once; `silent` never answers, and what was sent may arrive all the same. */
export type Outage = 'refused' | 'silent';
export type Outages = {
  readonly journal?: Outage | undefined;
  readonly keys?: Outage | undefined;
  readonly writerLock?: Outage | undefined;
};

const never = new Promise<never>(() => undefined);

/** Some milliseconds, or seconds: longer than some deadlines, and now and then than all. */
const delayMs = ({ chance, slowPercent }: World): number =>
  chance.chance(slowPercent) ? chance.pick([700, 1_800, 4_000, 12_000]) : 1 + chance.below(5);

/** Settles as the outage makes it; goes on when there is none. */
async function meet(outage: Outage | undefined): Promise<void> {
  if (outage === 'silent') await never;
  if (outage === 'refused') throw new ConnectionLost('refused');
}

export function faultyJournal(real: Journal, world: World, process: Process): Journal {
  const { time, chance, faultPercent, outages } = world;
  const delayed = async <T>(work: () => Promise<T>): Promise<T> => {
    await time.sleep(delayMs(world));
    if (!process.alive) return never;
    await meet(outages.journal);
    if (chance.chance(faultPercent)) throw new ConnectionLost('before');
    const result = await work();
    await time.sleep(delayMs(world));
    await meet(outages.journal);
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-condition -- it may die while it sleeps
    if (!process.alive) return never;
    if (chance.chance(faultPercent)) throw new ConnectionLost('after');
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
        return delayed(() => Promise.reject(new ConnectionLost('still on its way')));
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
export function laggingKeyIndex(
  real: Journal,
  world: World,
): {
  readonly forProcess: (process: Process) => KeyIndex;
  /** Takes one of its rows away for good. */
  readonly lose: () => void;
} {
  const { time, chance, faultPercent, outages } = world;
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
    lose() {
      if (positions.size > 0) positions.delete(chance.pick([...positions.keys()]));
    },
    forProcess: (process) => ({
      async lookUp(commandIds) {
        await time.sleep(delayMs(world));
        if (!process.alive) return never;
        await meet(outages.keys);
        if (chance.chance(faultPercent)) throw new ConnectionLost('look-up');
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

/**
 * A writer lock given to whoever asks, in no order; a process that died gives it up, one that is stuck keeps it for as
 * long as it lives.
 */
export function unfairWriterLock({ time, chance, faultPercent, outages }: World): {
  readonly forProcess: (process: Process) => WriterLock;
} {
  const asking: { readonly process: Process; readonly start: () => void }[] = [];
  let holder: Process | undefined;
  const next = (): void => {
    if (holder?.alive === true) return;
    holder = undefined;
    const [first] = asking.splice(chance.below(asking.length), 1);
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
      async acquire() {
        await meet(outages.writerLock);
        if (chance.chance(faultPercent)) throw new ConnectionLost('writer lock');
        return new Promise((resolve) => {
          asking.push({
            process,
            start: () => {
              resolve(async () => {
                // Its release never arrives: nobody else has it until the process is gone.
                if (chance.chance(faultPercent)) return;
                await meet(outages.writerLock);
                if (holder === process) holder = undefined;
                next();
              });
            },
          });
          next();
        });
      },
    }),
  };
}
