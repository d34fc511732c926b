/** The console in any browser, and when a part of it does not come: a sentence says so, never a blank page. */
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank } from '../../server/tests/support/bank.ts';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { browserLanguages, denyStorage, sayLanguage } from '../../tests/support/odd-browsers.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { logIn, openConsole } from './support.ts';

const password = 'a long password';
let bank: Bank;
let browser: Browser;
beforeAll(async () => {
  [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
  await bank.staff('auditor');
  await bank.customer({ amountMinor: 123_456_700n });
});
afterAll(async () => {
  await browser.close();
  await bank.close();
});

/** A page of its own that has not been opened yet. */
async function newPage(): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  return context.newPage();
}
const open = (page: Page): Promise<unknown> => page.goto(`${bank.client.origin}/admin/`);

test.each(browserLanguages)(
  'opens where the browser says that its language is %j, with numbers in the reader’s own',
  async (language) => {
    const { page, context, faults } = await openConsole(browser, bank.client.origin, {
      prepare: (opened) => sayLanguage(opened, language),
    });
    await logIn(page, 'auditor-1', password);
    await page.locator('.u-over').hover();
    const legend = page.locator('.u-legend');
    await expect.poll(async () => (await legend.innerText()).replaceAll(/\s/g, ' ')).toContain('1 234 567');
    expect(await page.getByText('rechargez-la').isVisible()).toBe(false);
    expect(faults).toEqual([]);
    await context.close();
  },
);

test.each([
  ['its first script does not come', '**/assets/index-*.js', (route: Route) => route.abort()],
  ['neither script nor style comes', '**/assets/*', (route: Route) => route.abort()],
  [
    'its first script throws',
    '**/assets/index-*.js',
    (route: Route) => route.fulfill({ contentType: 'text/javascript', body: 'throw new Error("broken");' }),
  ],
])('says in both languages what to do when %s', async (_what, files, answer) => {
  const page = await newPage();
  await page.route(files, answer);
  await open(page);
  await page.getByText('rechargez-la').waitFor();
  await page.getByText('reload it').waitFor();
  // Without the page's style the colours are the browser's own.
  if (files !== '**/assets/*') expect(await violations(page)).toEqual([]);
  await page.unroute(files);
  await page.getByRole('link', { name: 'rechargez-la' }).click();
  await page.getByRole('heading', { level: 1, name: fr.logIn }).waitFor();
  await page.context().close();
});

test('says what to do when it cannot start', async () => {
  const page = await newPage();
  await denyStorage(page);
  await open(page);
  await page.getByText('rechargez-la').waitFor();
  await page.getByText('reload it').waitFor();
  await page.context().close();
});

test('says what to do when the files of a screen do not come, and leads there once they do', async () => {
  const { page, context } = await openConsole(browser, bank.client.origin);
  await logIn(page, 'auditor-1', password);
  await page.route('**/assets/Accounts-*.js', (route) => route.abort());
  await page.getByRole('link', { name: fr.menu.accounts }).click();
  await page.getByRole('heading', { level: 1, name: fr.notLoaded.title }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: fr.otherLanguage }).click();
  await page.getByRole('heading', { level: 1, name: en.notLoaded.title }).waitFor();
  // Every other screen is still there.
  await page.getByRole('link', { name: en.menu.feed }).click();
  await page.getByRole('heading', { level: 1, name: en.feed.title }).waitFor();
  await page.getByRole('link', { name: en.menu.accounts }).click();
  await page.getByRole('heading', { level: 1, name: en.notLoaded.title }).waitFor();
  await page.unroute('**/assets/Accounts-*.js');
  await page.getByRole('button', { name: en.notLoaded.reload }).click();
  await page.getByRole('heading', { level: 1, name: en.menu.accounts }).waitFor();
  await context.close();
});

test('says that the bank has not answered where something in between has, in a form of its own', async () => {
  const { page, context } = await openConsole(browser, bank.client.origin);
  await logIn(page, 'auditor-1', password);
  await page.route('**/api/v1/audit/accounts?*', (route) =>
    route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>Bad gateway</h1>' }),
  );
  await page.getByRole('link', { name: fr.menu.accounts }).click();
  await page.getByRole('alert').getByText(fr.noAnswer).waitFor();
  await context.close();
});
