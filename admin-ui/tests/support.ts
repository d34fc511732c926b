/** What the console's tests share: the console in a browser profile of its own, and staff who log in. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { fr } from '../src/locales/fr.ts';

export type Console = {
  readonly context: BrowserContext;
  readonly page: Page;
  /** What went wrong in the page that nobody caught, and every request to another host. */
  readonly faults: readonly string[];
};

export async function openConsole(
  browser: Browser,
  origin: string,
  options: {
    readonly width?: number;
    readonly isDark?: boolean;
    /** Where the browser says it is. */
    readonly timezoneId?: string;
    /** Before the page is opened. */
    readonly prepare?: (page: Page) => Promise<void>;
  } = {},
): Promise<Console> {
  const { width = 1440, isDark = false, timezoneId, prepare } = options;
  const context = await browser.newContext({
    ...{ ignoreHTTPSErrors: true, viewport: { width, height: 900 } },
    colorScheme: isDark ? 'dark' : 'light',
    ...(timezoneId !== undefined && { timezoneId }),
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    const isStatus = message.text().startsWith('Failed to load resource');
    if (message.type() === 'error' && !isStatus) faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!/^(?:blob|data):/.test(request.url()) && new URL(request.url()).origin !== origin) faults.push(request.url());
  });
  await prepare?.(page);
  await page.goto(`${origin}/admin/`);
  await page.getByRole('heading', { level: 1, name: fr.logIn }).waitFor();
  return { context, page, faults };
}

export async function logIn(page: Page, username: string, password: string): Promise<void> {
  await page.getByLabel(fr.username).fill(username);
  await page.getByLabel(fr.password).fill(password);
  await page.getByRole('button', { name: fr.logIn }).click();
  await page.getByRole('heading', { level: 1, name: fr.menu.overview }).waitFor();
}

/** The text of a part of the screen, without the spaces that no one can type. */
export const textOf = async (page: Page, selector: string): Promise<string> =>
  (await page.locator(selector).first().innerText()).replaceAll(/\s/g, ' ');
