/** Doing something once after a time, unless it is cancelled before. */

/** Gives the function that cancels. */
export type Timer = (delayMs: number, run: () => void) => () => void;

export const systemTimer: Timer = (delayMs, run) => {
  const timeout = setTimeout(run, delayMs);
  return () => {
    clearTimeout(timeout);
  };
};
