/** A copy that is made in steps, each short, while what is copied changes: it holds what was there when it was begun. */

export interface Copying<T> {
  /** Copies some more; gives the whole, once, when all of it is there. */
  step(): T | undefined;
}

/** So much takes a millisecond or two, most of it for memory that was never used before. A judgement. */
export const stepBytes = 262_144;

/** All that is left of it, at once. */
export function finish<T>(copying: Copying<T>): T {
  for (;;) {
    const whole = copying.step();
    if (whole !== undefined) return whole;
  }
}

/** One after the other; the steps of all of them are watched for changes from the beginning. */
export function copyAll<A, B, C>(first: Copying<A>, second: Copying<B>, third: Copying<C>): Copying<[A, B, C]> {
  let [a, b]: [A?, B?] = [];
  return {
    step() {
      if (a === undefined) a = first.step();
      else if (b === undefined) b = second.step();
      else {
        const c = third.step();
        if (c !== undefined) return [a, b, c];
      }
      return undefined;
    },
  };
}
