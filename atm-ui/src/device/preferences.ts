/** What somebody at the kiosk has set: language, contrast; and how figures and times are written. The next person finds the kiosk as it was. */
import { defineStore } from 'pinia';
import { computed, ref, watchEffect } from 'vue';
import { en } from '../locales/en.ts';
import type { Locale } from '../locales/fr.ts';
import { fr } from '../locales/fr.ts';

export type Language = 'fr' | 'en';
const usual: Language = 'fr';
const storageKey = 'grand-livre.language';
const locales: Record<Language, Locale> = { fr, en };

export const usePreferences = defineStore('preferences', () => {
  const language = ref<Language>(sessionStorage.getItem(storageKey) === 'en' ? 'en' : usual);
  const isHighContrast = ref(false);

  watchEffect(() => {
    document.documentElement.lang = language.value;
    sessionStorage.setItem(storageKey, language.value);
  });
  watchEffect(() => {
    document.documentElement.classList.toggle('high-contrast', isHighContrast.value);
  });

  const w = computed(() => locales[language.value]);
  const languageTag = computed(() => (language.value === 'fr' ? 'fr-FR' : 'en-GB'));

  /** Of a decimal string, exact: no number in between. */
  const money = (amount: string): string =>
    new Intl.NumberFormat(languageTag.value, { style: 'currency', currency: 'EUR' }).format(
      amount as Intl.StringNumericLiteral,
    );
  /** With its sign, as in a history. */
  const signed = (amount: string): string =>
    new Intl.NumberFormat(languageTag.value, { style: 'currency', currency: 'EUR', signDisplay: 'exceptZero' }).format(
      amount as Intl.StringNumericLiteral,
    );
  /** A civil day of the bank, `2026-01-31`. */
  const day = (iso: string): string =>
    new Intl.DateTimeFormat(languageTag.value, { dateStyle: 'medium', timeZone: 'UTC' }).format(new Date(iso));
  /** An instant in the bank's time zone, which it names. */
  const time = (iso: string, timeZone: string | undefined): string =>
    new Intl.DateTimeFormat(languageTag.value, {
      ...{ day: 'numeric', month: 'long', year: 'numeric', hour: '2-digit', minute: '2-digit' },
      ...{ timeZoneName: 'short', timeZone },
    }).format(new Date(iso));

  /** Whether the next person would find it otherwise than usual. */
  const isChanged = computed(() => language.value !== usual || isHighContrast.value);
  const reset = (): void => {
    language.value = usual;
    isHighContrast.value = false;
  };

  return { language, isHighContrast, w, money, signed, day, time, isChanged, reset };
});
