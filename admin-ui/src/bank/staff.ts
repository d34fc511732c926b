/** Who sits at the console, and what they may do. */
import { defineStore } from 'pinia';
import { computed, ref } from 'vue';
import type { Session } from './calls.ts';
import { bank, whenLoggedOut } from './calls.ts';

export const useStaff = defineStore('staff', () => {
  const session = ref<Session>();
  const isReady = ref(false);
  const isOperator = computed(() => session.value?.role === 'operator');
  whenLoggedOut(() => {
    session.value = undefined;
  });

  /** After a reload the cookie may still be good. */
  async function resume(): Promise<void> {
    session.value = await bank.session().catch(() => undefined);
    isReady.value = true;
  }
  async function logIn(given: Parameters<typeof bank.logIn>[0]): Promise<void> {
    session.value = await bank.logIn(given);
  }
  async function logOut(): Promise<void> {
    await bank.logOut().catch(() => undefined);
    session.value = undefined;
  }
  return { session, isReady, isOperator, resume, logIn, logOut };
});
