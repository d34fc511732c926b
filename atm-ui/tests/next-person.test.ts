/** Nothing of one person reaches the next: not an operation, not a session, not a word on the screen or in the page. */
import type { BrowserContext, Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { endAfterSeconds, warnAfterSeconds } from '../src/device/limits.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { amountsOf, balanceOn, choose, chooseWithdrawal, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories();

const idleMs = (warnAfterSeconds + endAfterSeconds) * 1_000;

/** Fails reads of the account and its entries, in whatever form. */
async function failReads(page: Page): Promise<void> {
  await page.route(/\/accounts\/me(\?|$)/, (route) => route.abort());
  await page.route('**/accounts/me/entries*', (route) => route.abort());
}

/** Two people, of whom the first has withdrawn 20 without an answer. */
async function unsettled(page: Page, hadArrived: boolean) {
  const first = await bank().customer({ amountMinor: 10_000n, firstName: 'Albertine' });
  const second = await bank().customer({ amountMinor: 70_000n, firstName: 'Bérénice' });
  await logIn(page, first);
  await chooseWithdrawal(page);
  await page.route('**/withdrawals', async (route) => {
    if (hadArrived) await route.fetch();
    await route.abort();
  });
  await typePin(page, '2527');
  await page.getByText(fr.working.waiting(1)).waitFor();
  return { first, second };
}

const stored = (page: Page): Promise<string> =>
  page.evaluate<string>('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])');
const tokenIn = async (context: BrowserContext): Promise<string> =>
  (await context.cookies()).find(({ name }) => name === '__Host-session')?.value ?? '';
async function isAlive(token: string): Promise<boolean> {
  const headers = { authorization: `Bearer ${token}` };
  return (await bank().client.raw('GET', '/api/v1/accounts/me', { headers })).status === 200;
}

/** Time passes as the test says; the page is opened anew for that. */
async function stopClock(page: Page): Promise<void> {
  await page.clock.install();
  await page.reload();
  await page.clock.runFor(1_000);
}

test.each([
  ['had arrived', true],
  ['had not arrived', false],
])('offers an unsettled operation to nobody else, where it %s', async (_what, hadArrived) => {
  const { page } = await kiosk();
  const { first, second } = await unsettled(page, hadArrived);
  await failReads(page);
  await page.reload();
  // While the bank cannot say whose session this is, nothing of it is shown, and there is a way out.
  await page.getByText(fr.resuming.waiting(1)).waitFor();
  expect(await page.locator('body').innerText()).not.toMatch(/Albertine|20,00|100,00/);
  await page.getByRole('button', { name: fr.working.leave }).click();
  await title(page, fr.farewell.title);
  await choose(page, fr.farewell.finish);
  await title(page, fr.welcome.title);
  expect(await stored(page)).not.toContain(first.account);
  await page.unrouteAll();

  await logIn(page, second);
  await page.reload();
  await page.getByText(fr.homeScreen.hint).waitFor();
  expect(await balanceOn(page)).toBe('700,00 €');
  await choose(page, fr.homeScreen.leave);
  await title(page, fr.farewell.title);
  await page.getByText(fr.farewell.nothing).waitFor();
  expect(await amountsOf(bank(), second)).toEqual(['700.00']);
  expect(await amountsOf(bank(), first)).toEqual(hadArrived ? ['-20.00', '100.00'] : ['100.00']);
});

test('lets the same person settle an operation once the bank answers again', async () => {
  const { page } = await kiosk();
  const { first } = await unsettled(page, true);
  await failReads(page);
  await page.reload();
  await page.getByText(fr.resuming.waiting(1)).waitFor();
  await page.unrouteAll();
  await title(page, fr.unsettled.title);
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  expect(await amountsOf(bank(), first)).toEqual(['-20.00', '100.00']);
});

test('an operation saved by another visit is neither offered nor sent', async () => {
  const { page } = await kiosk();
  const { first, second } = await unsettled(page, false);
  const ofFirst = await page.evaluate<string>('sessionStorage.getItem("grand-livre.visit")');
  await page.getByRole('button', { name: fr.working.leave }).click();
  await title(page, fr.farewell.title);
  await choose(page, fr.farewell.finish);
  await page.unrouteAll();
  await logIn(page, second);
  // Whatever brings it back, it is the other account's, and the bank says so.
  await page.evaluate<undefined>(`sessionStorage.setItem('grand-livre.visit', ${JSON.stringify(ofFirst)})`);
  await page.reload();
  await page.getByText(fr.farewell.changed).waitFor();
  expect(await amountsOf(bank(), second)).toEqual(['700.00']);
  expect(await amountsOf(bank(), first)).toEqual(['100.00']);
});

test('an idle person behind a bank that does not answer leaves nothing, and the session ends once it answers', async () => {
  const customer = await bank().customer({ amountMinor: 12_345n });
  const { page, context } = await kiosk();
  await stopClock(page);
  await logIn(page, customer);
  const token = await tokenIn(context);
  // As with a database that has stopped: no answer to anything.
  await page.route('**/api/**', () => undefined);
  await page.reload();
  await page.getByText(fr.resuming.hint).waitFor();
  await page.clock.runFor(idleMs + 2_000);
  await page.getByText(fr.farewell.idle).waitFor();
  expect(await stored(page)).not.toContain(customer.account);
  await page.clock.runFor(31_000);
  await title(page, fr.welcome.title);
  expect(await isAlive(token)).toBe(true);
  await page.unrouteAll();
  await page.reload();
  await expect.poll(() => isAlive(token)).toBe(false);
});

test('a log-out that the bank does not answer is sent again until it does', async () => {
  const customer = await bank().customer();
  const { page, context } = await kiosk();
  await logIn(page, customer);
  const token = await tokenIn(context);
  let tries = 0;
  await page.route('**/sessions/current', (route) => {
    tries += 1;
    return tries <= 4 ? route.abort() : route.continue();
  });
  await choose(page, fr.homeScreen.leave);
  await title(page, fr.farewell.title);
  await expect.poll(() => isAlive(token)).toBe(false);
  expect(tries).toBe(5);
});

test('a reload goes on only while the kiosk would still have waited, and does not begin the waiting anew', async () => {
  const customer = await bank().customer({ amountMinor: 12_345n });
  const { page, context } = await kiosk();
  await stopClock(page);
  await logIn(page, customer);
  await page.clock.runFor(50_000);
  await page.reload();
  await page.getByText(fr.homeScreen.hint).waitFor();
  await page.clock.runFor(idleMs - 50_000 + 2_000);
  await page.getByText(fr.farewell.idle).waitFor();
  await page.clock.runFor(31_000);

  await logIn(page, customer);
  const token = await tokenIn(context);
  await page.goto('about:blank');
  await page.clock.runFor(100_000);
  await page.goto(`${bank().client.origin}/atm/`);
  await title(page, fr.welcome.title);
  expect(await page.locator('body').innerText()).not.toContain('123,45');
  expect(await stored(page)).not.toContain(customer.account);
  await expect.poll(() => isAlive(token)).toBe(false);
});

/** What somebody at tab 1 does after somebody else has logged in at tab 2. */
const acts: readonly (readonly [string, (page: Page, account: string) => Promise<void>])[] = [
  ['looks at the balance', (page) => choose(page, fr.homeScreen.seeBalance)],
  ['looks at the history', (page) => choose(page, fr.homeScreen.history)],
  [
    'deposits',
    async (page) => {
      await choose(page, fr.homeScreen.deposit);
      await title(page, fr.cash.depositTitle);
      await page.keyboard.press('1');
      await typePin(page, '2527');
    },
  ],
  [
    'transfers',
    async (page, account) => {
      await choose(page, fr.homeScreen.transfer);
      await title(page, fr.transfer.to);
      await page.keyboard.type(account);
      await page.keyboard.press('Enter');
      await title(page, fr.transfer.amount);
      await page.keyboard.press('1');
    },
  ],
  [
    'reloads',
    async (page) => {
      await page.reload();
    },
  ],
];

test.each(acts)('two tabs: whoever %s in one sees and moves nothing of the other', async (_what, act) => {
  const first = await bank().customer({ amountMinor: 10_000n, firstName: 'Albertine' });
  const second = await bank().customer({ amountMinor: 70_000n, firstName: 'Bérénice' });
  const { page, context } = await kiosk();
  const other = await context.newPage();
  await other.goto(`${bank().client.origin}/atm/`);
  await title(other, fr.welcome.title);
  await logIn(page, first);
  await logIn(other, second);
  await act(page, second.account);
  await page.getByText(fr.farewell.changed).waitFor();
  expect(await page.locator('body').innerText()).not.toMatch(/Bérénice|700,00/);
  expect(await amountsOf(bank(), second)).toEqual(['700.00']);
  expect(await amountsOf(bank(), first)).toEqual(['100.00']);
  // The end of one tab's visit is not the end of the other's.
  await choose(other, fr.homeScreen.seeBalance);
  await expect.poll(() => balanceOn(other)).toBe('700,00 €');
});

test('the farewell of an idle person has no operation in it, and the live region is empty', async () => {
  const customer = await bank().customer({ amountMinor: 12_345n });
  const { page } = await kiosk();
  await stopClock(page);
  await logIn(page, customer);
  await page.keyboard.press('2');
  await title(page, fr.cash.depositTitle);
  await page.keyboard.press('1');
  await typePin(page, '2527');
  await title(page, fr.result.deposit);
  await choose(page, fr.result.done);
  await choose(page, fr.homeScreen.seeBalance);
  await page.locator('[data-balance]').waitFor();
  await page.clock.runFor(100);
  await expect.poll(() => page.locator('p.sr-only[role=status]').innerText()).toContain('143,45');
  await page.clock.runFor(idleMs + 2_000);
  await page.getByText(fr.farewell.idle).waitFor();
  const left = await page.evaluate<string>('document.title + document.body.textContent');
  expect(left).not.toMatch(/Dupont|143,45|20,00/);
  expect(left).not.toContain(customer.account);
});

test('the result of an operation whose answer comes late is shown to nobody else', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await stopClock(page);
  await logIn(page, customer);
  await chooseWithdrawal(page);
  const held: Route[] = [];
  await page.route('**/withdrawals', (route) => void held.push(route));
  await typePin(page, '2527');
  await title(page, fr.working.title);
  await expect.poll(() => held.length).toBe(1);
  await page.clock.runFor(idleMs + 2_000);
  await page.getByText(fr.farewell.idle).waitFor();
  await held[0]?.continue();
  await page.clock.runFor(1_000);
  await page.getByText(fr.farewell.idle).waitFor();
  const left = await page.evaluate<string>('document.title + document.body.textContent');
  expect(left).not.toMatch(/20,00|80,00/);
  expect(await stored(page)).not.toContain(customer.account);
});

test('a log-in whose answer is lost leaves no session behind', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page, context } = await kiosk();
  const tokens: string[] = [];
  await page.route('**/api/v1/sessions', async (route) => {
    // The browser has the cookie by then.
    const response = await route.fetch();
    tokens.push(((await response.json()) as { token: string }).token);
    await route.abort();
  });
  await title(page, fr.welcome.title);
  await page.keyboard.type(customer.account);
  await title(page, fr.logIn.account);
  await page.keyboard.press('Enter');
  await typePin(page, '2527');
  await page.getByRole('alert').getByText(fr.logIn.lost).waitFor();
  await expect.poll(async () => (await context.cookies()).length).toBe(0);
  expect(await Promise.all(tokens.map(isAlive))).toEqual([false]);
  // The next try opens the visit.
  await page.unrouteAll();
  await typePin(page, '2527');
  await page.getByText(fr.homeScreen.hint).waitFor();
});

test('nobody finds the log-in of somebody who has gone', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await stopClock(page);
  await page.keyboard.type(customer.account);
  await title(page, fr.logIn.account);
  await page.keyboard.press('Enter');
  await page.route('**/api/v1/sessions', () => undefined);
  await typePin(page, '2527');
  await title(page, fr.working.title);
  await page.clock.runFor(idleMs + 2_000);
  await title(page, fr.welcome.title);
  await page.keyboard.type('1');
  await title(page, fr.logIn.account);
  expect(await page.getByLabel(fr.logIn.account).inputValue()).toBe('1');
  expect(await stored(page)).not.toContain(customer.account);
});

test.each([
  ['log-in', (page: Page) => page.keyboard.type('1')],
  ['opening', (page: Page) => page.getByRole('button', { name: en.welcome.open }).click()],
  ['welcome', () => Promise.resolve()],
])('voice, contrast and language are as usual after an idle end at the %s', async (_what, act) => {
  const { page } = await kiosk();
  await stopClock(page);
  await title(page, fr.welcome.title);
  await page.getByRole('button', { name: fr.contrast }).click();
  await page.getByRole('button', { name: fr.voice.turnOn }).click();
  await page.getByRole('button', { name: 'English' }).click();
  await act(page);
  await page.clock.runFor(idleMs + 2_000);
  await title(page, fr.welcome.title);
  expect(await page.locator('html').getAttribute('lang')).toBe('fr');
  expect(await page.locator('html.high-contrast').count()).toBe(0);
  await page.getByRole('button', { name: fr.voice.turnOn }).waitFor();
});

test('begins a new visit while the bank is away', async () => {
  const customer = await bank().customer();
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.getByRole('button', { name: 'English' }).click();
  await choose(page, en.homeScreen.leave);
  await title(page, en.farewell.title);
  await page.context().setOffline(true);
  await choose(page, en.farewell.finish);
  await title(page, fr.welcome.title);
  expect(await page.locator('body').innerText()).not.toContain('Dupont');
  await page.context().setOffline(false);
});

test('a hidden balance is shown on no screen, in no announcement and after no reload', async () => {
  const customer = await bank().customer({ amountMinor: 123_456n });
  const other = await bank().customer();
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.getByRole('button', { name: fr.hide }).click();
  const sees = async (): Promise<string> =>
    (await page.evaluate<string>('document.body.textContent')).replaceAll(/\s/g, ' ');
  expect(await sees()).not.toMatch(/1 2[13]4,56/);
  await choose(page, fr.homeScreen.transfer);
  await title(page, fr.transfer.to);
  await page.keyboard.type(other.account);
  await page.keyboard.press('Enter');
  await title(page, fr.transfer.amount);
  await page.keyboard.press('1');
  await title(page, fr.transfer.check);
  expect(await sees()).not.toMatch(/1 2[13]4,56/);
  await page.reload();
  await page.getByText(fr.homeScreen.hint).waitFor();
  expect(await sees()).not.toMatch(/1 234,56/);
  await choose(page, fr.homeScreen.seeBalance);
  await expect.poll(() => balanceOn(page)).toBe(fr.homeScreen.hidden);
  expect(await sees()).not.toMatch(/1 234,56/);
  await page.getByRole('button', { name: fr.back, exact: true }).click();
  await choose(page, fr.homeScreen.history);
  await page.getByRole('cell').first().waitFor();
  expect(await page.getByRole('columnheader').allInnerTexts()).not.toContain(fr.history.after);
});

test('three wrong PINs in an operation end the visit: no way leads back to the account', async () => {
  const customer = await bank().customer({ amountMinor: 12_345n });
  const { page, context } = await kiosk();
  await logIn(page, customer);
  const token = await tokenIn(context);
  await chooseWithdrawal(page);
  await typePin(page, '0000');
  await page.getByText(fr.pin.wrong(2)).waitFor();
  await typePin(page, '1111');
  await page.getByText(fr.pin.wrong(1)).waitFor();
  await typePin(page, '2222');
  await title(page, fr.locked.title);
  expect(await stored(page)).not.toContain(customer.account);
  await expect.poll(() => isAlive(token)).toBe(false);
  await page.keyboard.press('Escape');
  await title(page, fr.welcome.title);
  await page.reload();
  await title(page, fr.welcome.title);
});
