/** What the kiosk's stories share: a bank, a browser, and people at the kiosk. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { Bank, Customer } from '../../../server/tests/support/bank.ts';
import { openBank } from '../../../server/tests/support/bank.ts';
import { readOwnEntries } from '../../../api/src/calls/accounts.ts';
import type { Kiosk } from './browser.ts';
import { launchBrowser } from '../../../tests/support/chromium.ts';
import { openKiosk } from './browser.ts';
import { fr } from '../../src/locales/fr.ts';

export type Stories = {
  readonly bank: () => Bank;
  /** A kiosk in a profile of its own; nothing may go wrong in it unnoticed. */
  readonly kiosk: (options?: Parameters<typeof openKiosk>[2]) => Promise<Kiosk>;
};

export function stories(options: Parameters<typeof openBank>[0] = {}): Stories {
  let bank: Bank;
  let browser: Browser;
  const open: Kiosk[] = [];
  beforeAll(async () => {
    [bank, browser] = await Promise.all([openBank(options), launchBrowser()]);
  });
  afterEach(async () => {
    for (const { context, faults } of open.splice(0)) {
      await context.close();
      expect(faults).toEqual([]);
    }
  });
  afterAll(async () => {
    await browser.close();
    await bank.close();
  });
  return {
    bank: () => bank,
    kiosk: async (options = {}) => {
      const kiosk = await openKiosk(browser, bank.client.origin, options);
      open.push(kiosk);
      return kiosk;
    },
  };
}

export const title = (page: Page, text: string): Promise<void> =>
  page.getByRole('heading', { level: 1, name: text, exact: true }).waitFor();

export const choose = (page: Page, label: string): Promise<void> =>
  page.getByRole('list').getByRole('button', { name: label }).click();

export async function typePin(page: Page, digits: string): Promise<void> {
  await page.getByRole('application').waitFor();
  await page.keyboard.type(digits);
  await page.keyboard.press('Enter');
}

/** By keyboard, as at a real cash machine: digits, Enter, digits, Enter. Where it leads, the caller waits for. */
export async function enterLogIn(page: Page, { account }: Pick<Customer, 'account'>, pin: string): Promise<void> {
  await title(page, fr.welcome.title);
  await page.keyboard.type(account);
  await title(page, fr.logIn.account);
  await page.keyboard.press('Enter');
  await title(page, fr.logIn.pin);
  await typePin(page, pin);
}

export async function logIn(page: Page, customer: Pick<Customer, 'account'>, pin = '2527'): Promise<void> {
  await enterLogIn(page, customer, pin);
  await page.getByText(fr.homeScreen.hint).waitFor();
}

/** From the home screen to the PIN of a withdrawal, of the amount behind this key: 20 and 50 are the first two. */
export async function chooseWithdrawal(page: Page, key: '1' | '2' = '1'): Promise<void> {
  await page.keyboard.press('1');
  await title(page, fr.cash.withdrawTitle);
  await page.keyboard.press(key);
}

/** Of the screen that shows one, without the spaces that no one can type. */
export async function balanceOn(page: Page): Promise<string> {
  return (await page.locator('[data-balance]').innerText()).replaceAll(/\s/g, ' ');
}

/** What moved on the account, newest first: everything that is in the journal by now, though the read model be behind. */
export async function amountsOf(bank: Bank, { token }: Customer): Promise<readonly string[]> {
  const after = (await bank.history()).length;
  const entries = await bank.client.call(readOwnEntries, { token, query: { after } });
  return entries.body.entries.map(({ amount }) => amount);
}
