/** Browsers that are not as one expects: the language they say they have, and whether they store anything. */
import type { Page } from 'playwright-core';

/** What a browser may say as its language: some of it no language at all (npm's Chromium says `en-US@posix` under `LANG=C.UTF-8`). */
export const browserLanguages = [
  ...['', 'C', 'en-US@posix', 'en_US', 'fr-FR@euro', 'x', 'zh-Hans-CN-u-nu-hanidec', 'not a language', undefined],
] as const;

/** From the next address on, the page's browser says this language. */
export const sayLanguage = async (page: Page, language: string | undefined): Promise<void> => {
  const said = language === undefined ? 'undefined' : JSON.stringify(language);
  await page.addInitScript(`Object.defineProperty(Navigator.prototype, 'language', { get: () => ${said} });`);
};

/** From the next address on, nothing can be stored, as a browser may be set up. */
export const denyStorage = async (page: Page): Promise<void> => {
  await page.addInitScript(`Storage.prototype.getItem = () => { throw new Error('denied'); };`);
};
