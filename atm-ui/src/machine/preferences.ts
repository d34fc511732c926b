/** What somebody at the machine has set: language, contrast. The next person finds the machine as it was. */
import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';
import { en } from '../words/en.ts';
import type { Words } from '../words/fr.ts';
import { fr } from '../words/fr.ts';

export type Language = 'fr' | 'en';
const words: Record<Language, Words> = { fr, en };

export const usePreferences = defineStore('preferences', () => {
  const language = ref<Language>(sessionStorage.getItem('grand-livre.language') === 'en' ? 'en' : 'fr');
  const isHighContrast = ref(false);

  watchEffect(() => {
    document.documentElement.lang = language.value;
    sessionStorage.setItem('grand-livre.language', language.value);
  });
  watchEffect(() => {
    document.documentElement.classList.toggle('high-contrast', isHighContrast.value);
  });

  const w = computed(() => words[language.value]);
  const locale = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));

  /** Of a decimal string, exact: no number in between. */
  const money = (amount: string): string =>
    new Intl.NumberFormat(locale.value, { style: 'currency', currency: 'EUR' }).format(
      amount as Intl.StringNumericLiteral,
    );
  /** With its sign, as in a history. */
  const signed = (amount: string): string =>
    new Intl.NumberFormat(locale.value, { style: 'currency', currency: 'EUR', signDisplay: 'exceptZero' }).format(
      amount as Intl.StringNumericLiteral,
    );
  const day = (iso: string): string =>
    new Intl.DateTimeFormat(locale.value, {
      dateStyle: 'medium',
      ...(iso.length === 10 && { timeZone: 'UTC' }),
    }).format(new Date(iso));
  const time = (iso: string): string =>
    new Intl.DateTimeFormat(locale.value, { dateStyle: 'long', timeStyle: 'short' }).format(new Date(iso));

  return { language, isHighContrast, w, money, signed, day, time };
});
