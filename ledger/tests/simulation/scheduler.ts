/** Virtual time and seeded chance: with the same seed, everything happens again in the same order. */
import type { Timer } from '../../src/timer.ts';

export type Random = {
  /** A whole number from 0 to below `bound`. */
  below(bound: number): number;
  /** True in `percent` of all cases. */
  chance(percent: number): boolean;
  pick<T>(items: readonly T[]): T;
};

/** The generator "mulberry32": 32 bits of state, good enough to shuffle events. */
export function random(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (bound: number): number => Math.floor(next() * bound);
  return {
    below,
    chance: (percent) => next() * 100 < percent,
    pick: (items) => {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('nothing to pick from');
      return item;
    },
  };
}

export type Scheduler = {
  readonly nowMs: number;
  /** Gives the function that cancels. */
  readonly timer: Timer;
  at(delayMs: number, run: () => void): void;
  sleep(delayMs: number): Promise<void>;
  /** Runs until `done` or until `limit` steps are over; false when they were not enough. */
  run(done: () => boolean, limit: number): Promise<boolean>;
};

export function scheduler(): Scheduler {
  type Task = { readonly time: number; readonly order: number; readonly run: () => void };
  const tasks: Task[] = [];
  let nowMs = 0;
  let order = 0;
  const timer: Timer = (delayMs, run) => {
    const task = { time: nowMs + delayMs, order: order++, run };
    let index = tasks.length;
    while (index > 0 && later(tasks[index - 1] as Task, task)) index--;
    tasks.splice(index, 0, task);
    return () => {
      const place = tasks.indexOf(task);
      if (place !== -1) tasks.splice(place, 1);
    };
  };
  const at = (delayMs: number, run: () => void): void => {
    timer(delayMs, run);
  };
  return {
    get nowMs() {
      return nowMs;
    },
    timer,
    at,
    sleep: (delayMs) =>
      new Promise((resolve) => {
        at(delayMs, resolve);
      }),
    async run(done, limit) {
      for (let step = 0; step < limit; step++) {
        if (done()) return true;
        const task = tasks.shift();
        if (task === undefined) return done();
        nowMs = task.time;
        task.run();
        // Everything that follows from this step without waiting runs before the next one.
        await new Promise(setImmediate);
      }
      return done();
    },
  };
}

const later = (a: { time: number; order: number }, b: { time: number; order: number }): boolean =>
  a.time > b.time || (a.time === b.time && a.order > b.order);
