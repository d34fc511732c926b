/** The replay of an account: a stretch of its history, the point one looks at, and the ways to another. */
import { computed, onBeforeUnmount, ref, shallowRef, watch } from 'vue';
import type { Frame, Stretch } from './history.ts';
import { indexOfMoment, indexOfVersion, loadStretch } from './history.ts';

export function usePlayer(account: string, last: () => number) {
  const stretch = shallowRef<Stretch>({ base: undefined, frames: [], next: undefined, broken: undefined });
  /** Of the frame; -1: before the first. */
  const index = ref(-1);
  const isPlaying = ref(false);
  const speed = ref(2);
  let asked = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  const frame = computed((): Frame | undefined => stretch.value.frames[index.value]);
  const state = computed(() => frame.value?.state ?? stretch.value.base);
  const version = computed(() => state.value?.version ?? 0);

  /** False: another stretch was asked for meanwhile. */
  async function load(around: number): Promise<boolean> {
    const mine = ++asked;
    const loaded = await loadStretch(account, around, last());
    if (mine !== asked) return false;
    stretch.value = loaded;
    return true;
  }

  /** To the point after so many postings. */
  async function seek(wanted: number): Promise<void> {
    const { frames, base, next } = stretch.value;
    const first = base?.version ?? 0;
    const end = frames.at(-1)?.state.version ?? first;
    const isInside = frames.length > 0 && wanted >= first && (wanted < end || (wanted <= end && next === undefined));
    if (!isInside && !(await load(wanted))) return;
    index.value = indexOfVersion(stretch.value.frames, wanted);
  }

  async function step(by: 1 | -1): Promise<void> {
    const to = index.value + by;
    if (to >= stretch.value.frames.length) {
      if (stretch.value.next === undefined) {
        isPlaying.value = false;
        return;
      }
      await load(version.value);
      index.value = indexOfVersion(stretch.value.frames, version.value);
      return;
    }
    if (to < -1) return;
    if (to === -1 && stretch.value.base !== undefined) {
      await seek(Math.max(0, version.value - 1));
      return;
    }
    index.value = to;
  }

  /** The last point recorded up to then, where the whole history is here. */
  function seekMoment(iso: string): void {
    index.value = indexOfMoment(stretch.value.frames, iso);
  }

  const toFirst = async (): Promise<void> => {
    await seek(0);
    index.value = -1;
  };
  const toEnd = async (): Promise<void> => {
    await seek(last());
    index.value = stretch.value.frames.length - 1;
  };

  watch([isPlaying, speed], () => {
    clearInterval(timer);
    if (isPlaying.value) timer = setInterval(() => void step(1), 1_000 / speed.value);
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
  });

  return {
    stretch,
    index,
    frame,
    state,
    version,
    isPlaying,
    speed,

    seek,
    seekMoment,
    step,
    toFirst,
    toEnd,
    load,
  };
}

export type Player = ReturnType<typeof usePlayer>;
