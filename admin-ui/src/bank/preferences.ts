/** Language and colours of whoever sits at this browser, saved between visits; and how amounts, instants and the bank's days are written. */
import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';
import { en } from '../locales/en.ts';
import type { Locale } from '../locales/fr.ts';
import { fr } from '../locales/fr.ts';
import { useStaff } from './staff.ts';

type Language = 'fr' | 'en';
const locales: Record<Language, Locale> = { fr, en };
const systemIsDark = matchMedia('(prefers-color-scheme: dark)').matches;

export const usePreferences = defineStore('preferences', () => {
  const language = ref<Language>(localStorage.getItem('console.language') === 'en' ? 'en' : 'fr');
  const isDark = ref((localStorage.getItem('console.dark') ?? String(systemIsDark)) === 'true');
  watchEffect(() => {
    localStorage.setItem('console.language', language.value);
    localStorage.setItem('console.dark', String(isDark.value));
    document.documentElement.lang = language.value;
    document.documentElement.classList.toggle('dark', isDark.value);
  });
  const w = computed(() => locales[language.value]);
  const languageTag = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));
  const euros = computed(() => new Intl.NumberFormat(languageTag.value, { style: 'currency', currency: 'EUR' }));
  /** The bank's, whatever this browser's is: nothing that is shown depends on where one sits. */
  const staff = useStaff();
  const timeZone = computed(() => staff.session?.timeZone ?? 'UTC');
  const instants = computed(
    () =>
      new Intl.DateTimeFormat(languageTag.value, {
        ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: timeZone.value },
      }),
  );
  const civilDays = computed(
    () =>
      new Intl.DateTimeFormat('en-CA', {
        ...{ year: 'numeric', month: '2-digit', day: '2-digit', timeZone: timeZone.value },
      }),
  );
  const days = computed(() => new Intl.DateTimeFormat(languageTag.value, { dateStyle: 'medium', timeZone: 'UTC' }));
  /** Of a decimal string, exact. */
  const money = (amount: string): string => euros.value.format(amount as Intl.StringNumericLiteral);
  const count = (number: number): string => number.toLocaleString(languageTag.value);
  /** An instant in the bank's zone. */
  const time = (iso: string): string => instants.value.format(new Date(iso));
  /** The bank's civil day of an instant, `YYYY-MM-DD`. */
  const dayOf = (iso: string): string => civilDays.value.format(new Date(iso));
  /** A civil day, `YYYY-MM-DD`, in the reader's words. */
  const day = (civilDay: string): string => days.value.format(new Date(civilDay));
  return { language, isDark, w, timeZone, money, count, time, dayOf, day };
});
