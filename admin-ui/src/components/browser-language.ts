/** uPlot makes a number format of `navigator.language` as it loads, and throws where that is no language: this comes first. */

/** The language a browser says it has, or the page's own where no format can be made of it. */
export function usableLanguage(said: unknown): string {
  try {
    return new Intl.NumberFormat(said as string).resolvedOptions().locale;
  } catch {
    return 'fr';
  }
}

if (typeof navigator !== 'undefined') {
  Object.defineProperty(navigator, 'language', { configurable: true, value: usableLanguage(navigator.language) });
}
