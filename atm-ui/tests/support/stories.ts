/** What the kiosk's stories share: a bank, a browser, and people at the machine. */
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import type { Bank, Customer } from '../../../server/tests/support/bank.ts';
import { openBank } from '../../../server/tests/support/bank.ts';
import { readOwnEntries } from '../../../server/src/http/contract/accounts.ts';
import type { Kiosk } from './browser.ts';
import { launchBrowser } from '../../../tests/support/chromium.ts';
import { openKiosk } from './browser.ts';
import { fr } from '../../src/words/fr.ts';

export type Stories = {
  readonly bank: () => Bank;
  /** A kiosk in a profile of its own; nothing may go wrong in it unnoticed. */
  readonly kiosk: (options?: Parameters<typeof openKiosk>[2]) => Promise<Kiosk>;
};

export function stories(): Stories {
  let bank: Bank;
  let browser: Browser;
  const open: Kiosk[] = [];
  beforeAll(async () => {
    [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
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

/** By keyboard, as at a real machine: digits, Enter, digits, Enter. */
export async function logIn(page: Page, { account }: Pick<Customer, 'account'>, pin = '2527'): Promise<void> {
  await title(page, fr.welcome.title);
  await page.keyboard.type(account);
  await title(page, fr.logIn.account);
  await page.keyboard.press('Enter');
  await title(page, fr.logIn.pin);
  await typePin(page, pin);
  await page.getByText(fr.homeScreen.hint).waitFor();
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
