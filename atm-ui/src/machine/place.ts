/** Which screen the machine shows, and what Back does there: the browser's own button, Escape, and the one on the screen. */
import { defineStore } from 'pinia';
import { onBeforeUnmount, onMounted, ref } from 'vue';
import type { Line } from '../bank/session.ts';

export type Place =
  | { readonly screen: 'welcome' | 'open-account' | 'home' | 'balance' | 'history' | 'transfer' | 'unsettled' }
  | { readonly screen: 'log-in'; readonly firstDigit?: string }
  | { readonly screen: 'cash'; readonly kind: 'deposit' | 'withdrawal' }
  | { readonly screen: 'farewell'; readonly lines: readonly Line[]; readonly why: 'asked' | 'idle' | 'expired' };

export const usePlace = defineStore('place', () => {
  const place = ref<Place>({ screen: 'welcome' });
  /** An operation is on its way: nobody is idle, and nothing leads away. */
  const isBusy = ref(false);
  const go = (next: Place): void => {
    place.value = next;
  };
  return { place, isBusy, go };
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
    if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('[role=dialog]') !== null) return;
    event.preventDefault();
    back();
  });
}
