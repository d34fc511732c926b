/** Nobody has touched the machine for a while: a warning that any touch or key extends, then the end of the session. */
import type { Ref } from 'vue';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import { endAfterSeconds, warnAfterSeconds } from './limits.ts';

/** `isWatched` says whether there is a session to end. `left` counts down during the warning. */
export function useIdle({ isWatched, onEnd }: { isWatched: () => boolean; onEnd: () => void }): {
  readonly left: Ref<number | undefined>;
  readonly extend: () => void;
} {
  const left = ref<number | undefined>();
  let quietSince = Date.now();
  const extend = (): void => {
    quietSince = Date.now();
    left.value = undefined;
  };
  const look = (): void => {
    if (!isWatched()) {
      extend();
      return;
    }
    const quietSeconds = Math.floor((Date.now() - quietSince) / 1_000);
    if (quietSeconds < warnAfterSeconds) return;
    left.value = warnAfterSeconds + endAfterSeconds - quietSeconds;
    if (left.value > 0) return;
    extend();
    onEnd();
  };
  const signs = ['pointerdown', 'keydown', 'input', 'wheel'] as const;
  /** While the warning stands, its own buttons say what a touch means; any key that is not for them means that somebody is there. */
  const onSign = (event: Event): void => {
    const isForButtons = !(event instanceof KeyboardEvent) || ['Enter', ' ', 'Tab'].includes(event.key);
    if (left.value === undefined || !isForButtons) extend();
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  onMounted(() => {
    timer = setInterval(look, 1_000);
    for (const sign of signs) addEventListener(sign, onSign, { capture: true, passive: true });
  });
  onBeforeUnmount(() => {
    clearInterval(timer);
    for (const sign of signs) removeEventListener(sign, onSign, { capture: true });
  });
  return { left, extend };
}
