/** The kiosk in any browser, and when a part of it does not come: a sentence says so, never a blank page. */
import type { Browser, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank } from '../../server/tests/support/bank.ts';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { browserLanguages, denyStorage, sayLanguage } from '../../tests/support/odd-browsers.ts';
import { fr } from '../src/locales/fr.ts';
import { openKiosk } from './support/browser.ts';
import { choose, logIn, title } from './support/stories.ts';

let bank: Bank;
let browser: Browser;
beforeAll(async () => {
  [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
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
const open = (page: Page): Promise<unknown> => page.goto(`${bank.client.origin}/atm/`);

test.each(browserLanguages)('opens where the browser says that its language is %j', async (language) => {
  const { page, context, faults } = await openKiosk(browser, bank.client.origin, {
    prepare: (opened) => sayLanguage(opened, language),
  });
  await title(page, fr.welcome.title);
  expect(await page.getByText('rechargez-la').isVisible()).toBe(false);
  expect(faults).toEqual([]);
  await context.close();
});

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
  await title(page, fr.welcome.title);
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

test('needs none of its files once it is open, whatever becomes of the server', async () => {
  const customer = await bank.customer({ amountMinor: 1_000n });
  const { page, context, faults } = await openKiosk(browser, bank.client.origin);
  await logIn(page, customer);
  await page.route('**/atm/**', (route) => route.abort());
  const { withdraw, deposit, transfer, seeBalance, history, changePin } = fr.homeScreen;
  for (const screen of [withdraw, deposit, transfer, seeBalance, history, changePin]) {
    await choose(page, screen);
    await expect.poll(() => page.getByText(fr.homeScreen.hint).isVisible()).toBe(false);
    expect(await page.getByRole('heading', { level: 1 }).innerText()).not.toBe('');
    await page.keyboard.press('Escape');
    await page.getByText(fr.homeScreen.hint).waitFor();
  }
  expect(faults).toEqual([]);
  await context.close();
});
