/** Nobody has touched the kiosk for a while: a warning that any touch or key extends, then the end of the visit. */
import type { Ref } from 'vue';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import { endAfterSeconds, warnAfterSeconds } from './limits.ts';

type Idle = {
  /** Whether there is anything to end. */
  readonly isWatched: () => boolean;
  /** Whether there is anything that somebody would miss. */
  readonly isWarned: () => boolean;
  /** Somebody is there. */
  readonly onSign: () => void;
  readonly onEnd: () => void;
};

/** `left` counts down during the warning. `begin` says for how long nobody has touched the kiosk already. */
export function useIdle({ isWatched, isWarned, onSign, onEnd }: Idle): {
  readonly left: Ref<number | undefined>;
  readonly extend: () => void;
  readonly begin: (quietMs: number) => void;
} {
  const left = ref<number | undefined>();
  // A clock that nobody sets.
  let quietSinceMs = performance.now();
  const begin = (quietMs: number): void => {
    quietSinceMs = performance.now() - quietMs;
    left.value = undefined;
  };
  const extend = (): void => {
    begin(0);
    onSign();
  };
  const look = (): void => {
    if (!isWatched()) {
      begin(0);
      return;
    }
    const quietSeconds = Math.floor((performance.now() - quietSinceMs) / 1_000);
    if (quietSeconds < warnAfterSeconds) return;
    const seconds = warnAfterSeconds + endAfterSeconds - quietSeconds;
    if (isWarned()) left.value = seconds;
    if (seconds > 0) return;
    begin(0);
    onEnd();
  };
  const signs = ['pointerdown', 'keydown', 'input', 'wheel'] as const;
  /** While the warning is shown, its own buttons say what a touch means; any key that is not for them means that somebody is there. */
  const onTouch = (event: Event): void => {
    const isForButtons = !(event instanceof KeyboardEvent) || ['Enter', ' ', 'Tab'].includes(event.key);
    if (left.value === undefined || !isForButtons) extend();
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    timer = setInterval(look, 1_000);
    for (const sign of signs) addEventListener(sign, onTouch, { capture: true, passive: true });
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
    for (const sign of signs) removeEventListener(sign, onTouch, { capture: true });
  });
  return { left, extend, begin };
}
