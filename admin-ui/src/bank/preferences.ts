/** Language and colours of whoever sits at this browser, kept between visits; and how sums and moments are written. */
import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';
import { en } from '../words/en.ts';
import type { Words } from '../words/fr.ts';
import { fr } from '../words/fr.ts';

type Language = 'fr' | 'en';
const words: Record<Language, Words> = { fr, en };
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
  const w = computed(() => words[language.value]);
  const locale = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));
  const euros = computed(() => new Intl.NumberFormat(locale.value, { style: 'currency', currency: 'EUR' }));
  const moments = computed(
    () => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }),
  );
  const days = computed(() => new Intl.DateTimeFormat(locale.value, { dateStyle: 'medium', timeZone: 'UTC' }));
  /** Of a decimal string, exact. */
  const money = (amount: string): string => euros.value.format(amount as Intl.StringNumericLiteral);
  const count = (number: number): string => number.toLocaleString(locale.value);
  const time = (iso: string): string => moments.value.format(new Date(iso));
  const day = (iso: string): string => days.value.format(new Date(iso));
  return { language, isDark, w, money, count, time, day };
});
