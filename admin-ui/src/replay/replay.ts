/** The replay of an account: a window of its history, the point one looks at, and the ways to another. */
import { computed, onScopeDispose, ref, shallowRef, watch } from 'vue';
import type { Step, EventWindow } from './history.ts';
import { indexOfDay, indexOfVersion, loadWindow, versionAt } from './history.ts';

export function useReplay(account: string, last: () => number, dayOf: (iso: string) => string) {
  const eventWindow = shallowRef<EventWindow>({ base: undefined, steps: [], next: undefined, broken: undefined });
  /** Of the step; -1: before the first. */
  const index = ref(-1);
  const isPlaying = ref(false);
  const speed = ref(2);
  /** What was asked for last could not be had: the point shown is still the one before. */
  const hasFailed = ref(false);
  let asked = 0;
  let timer: ReturnType<typeof setInterval> | undefined;

  const current = computed((): Step | undefined => eventWindow.value.steps[index.value]);
  const state = computed(() => current.value?.state ?? eventWindow.value.base);
  const version = computed(() => state.value?.version ?? 0);

  /** What `read` gives; undefined when it fails, or when something else was asked for meanwhile. */
  async function latest<T>(read: () => Promise<T>): Promise<T | undefined> {
    const mine = ++asked;
    hasFailed.value = false;
    try {
      const found = await read();
      return mine === asked ? found : undefined;
    } catch {
      if (mine === asked) {
        hasFailed.value = true;
        isPlaying.value = false;
      }
      return undefined;
    }
  }

  /** A point of the window that is there: what was asked for before and has not come yet is wanted no more. */
  function show(step: number): void {
    asked++;
    hasFailed.value = false;
    index.value = step;
  }

  /** False: the window is still the one before. */
  async function load(around: number): Promise<boolean> {
    const loaded = await latest(() => loadWindow(account, around, last()));
    if (loaded === undefined) return false;
    eventWindow.value = loaded;
    return true;
  }

  /** To the point after so many postings. False: it did not get there, or somebody wanted to be elsewhere meanwhile. */
  async function seek(wanted: number): Promise<boolean> {
    const { steps, base, next } = eventWindow.value;
    const first = base?.version ?? 0;
    const end = steps.at(-1)?.state.version ?? first;
    const isInside = steps.length > 0 && wanted >= first && (wanted < end || (wanted <= end && next === undefined));
    if (!isInside && !(await load(wanted))) return false;
    show(indexOfVersion(eventWindow.value.steps, wanted));
    return true;
  }

  async function stepBy(by: 1 | -1): Promise<void> {
    const to = index.value + by;
    if (to >= eventWindow.value.steps.length) {
      if (eventWindow.value.next === undefined) {
        isPlaying.value = false;
        return;
      }
      const { value: from } = version;
      if (await load(from)) show(indexOfVersion(eventWindow.value.steps, from));
      return;
    }
    if (to < -1) return;
    if (to === -1 && eventWindow.value.base !== undefined) {
      await seek(Math.max(0, version.value - 1));
      return;
    }
    show(to);
  }

  /** To the last point recorded up to the end of a day of the bank. */
  async function seekDay(day: string): Promise<void> {
    const { base, next } = eventWindow.value;
    if (base !== undefined || next !== undefined) {
      const wanted = await latest(() => versionAt(account, day));
      if (wanted === undefined || !(await seek(wanted))) return;
    }
    show(indexOfDay(eventWindow.value.steps, day, dayOf));
  }

  const toFirst = async (): Promise<void> => {
    if (await seek(0)) show(-1);
  };
  const toEnd = async (): Promise<void> => {
    if (await seek(last())) show(eventWindow.value.steps.length - 1);
  };

  watch([isPlaying, speed], () => {
    clearInterval(timer);
    if (isPlaying.value) timer = setInterval(() => void stepBy(1), 1_000 / speed.value);
  });
  onScopeDispose(() => {
    clearInterval(timer);
  });

  return {
    eventWindow,
    index,
    current,
    state,
    version,
    isPlaying,
    speed,
    hasFailed,

    seek,
    seekDay,
    stepBy,
    toFirst,
    toEnd,
    load,
  };
}

export type Replay = ReturnType<typeof useReplay>;
