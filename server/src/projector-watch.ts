/** Watches how far the read model is behind the journal, in seconds: the age of the oldest event it lacks. */

export type ProjectorWatch = {
  /** Takes in how far both have got by now. */
  observe(now: { readonly atMs: number; readonly head: number; readonly position: number }): void;
  lagSeconds(nowMs: number): number;
  readonly position: number;
};

/** Ten minutes at one a second; past them the oldest alone says how long the lag is. */
const mostObservations = 600;

export function projectorWatch(): ProjectorWatch {
  /** When the journal was seen at heads the read model has not reached, the earliest first. */
  let unreached: { readonly atMs: number; readonly head: number }[] = [];
  let position = 0;
  return {
    observe(now) {
      position = now.position;
      unreached = unreached.filter(({ head }) => head > now.position);
      if (now.head > now.position && unreached.length < mostObservations)
        unreached.push({ atMs: now.atMs, head: now.head });
    },
    lagSeconds: (nowMs) => {
      const [oldest] = unreached;
      return oldest === undefined ? 0 : (nowMs - oldest.atMs) / 1000;
    },
    get position() {
      return position;
    },
  };
}
