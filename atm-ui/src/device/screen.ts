/** Which screen the kiosk shows, and what Back does there: the browser's own button, Escape, and the one on the screen. */
import { defineStore } from 'pinia';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import type { Left } from '../bank/session.ts';

/** Why a visit ended. */
export type End = 'asked' | 'idle' | 'expired' | 'changed';

export type Screen =
  | { readonly screen: 'welcome' | 'open-account' | 'renewing' }
  | { readonly screen: 'resuming' | 'home' | 'balance' | 'history' | 'transfer' | 'unsettled' | 'change-pin' }
  | { readonly screen: 'log-in'; readonly firstDigit?: string }
  | { readonly screen: 'cash'; readonly kind: 'deposit' | 'withdrawal' }
  /** For so many seconds; without them, until the bank unlocks it. */
  | { readonly screen: 'locked'; readonly seconds: number | undefined; readonly hasUnsettled: boolean }
  | {
      readonly screen: 'farewell';
      readonly why: End;
      readonly left: Left;
      readonly timeZone: string | undefined;
    };

export const useScreen = defineStore('screen', () => {
  const current = ref<Screen>({ screen: 'welcome' });
  const go = (next: Screen): void => {
    current.value = next;
  };
  return { current, go };
});

const handlers: (() => void)[] = [];
const back = (): void => handlers.at(-1)?.();

/** What Back does while this component is there. */
export function useBack(handler: () => void): void {
  onMounted(() => handlers.push(handler));
  onBeforeUnmount(() => handlers.splice(handlers.indexOf(handler), 1));
}

/** Called once. The browser always has one page of ours to go back to, so that it never leaves and never repeats anything. */
export function watchBack(): void {
  const guard = (): void => {
    history.pushState('grand-livre', '');
  };
  guard();
  addEventListener('popstate', () => {
    guard();
    back();
  });
  addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog') !== null) return;
    event.preventDefault();
    back();
  });
}
