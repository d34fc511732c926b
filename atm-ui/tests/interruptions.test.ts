/** Whatever interrupts an operation, the person learns what became of it, and it happens once. */
import { expect, test } from 'vitest';
import { childOf, newBankFolder, until } from '../../operations/tests/start.suite.ts';
import { endAfterSeconds, warnAfterSeconds } from '../src/device/limits.ts';
import { fr } from '../src/locales/fr.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { openKiosk } from './support/browser.ts';
import { amountsOf, balanceOn, choose, chooseWithdrawal, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories();

test('sends an operation again under the same key when the answer is lost, and it is carried out once', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await chooseWithdrawal(page);
  let sendings = 0;
  await page.route('**/withdrawals', async (route) => {
    sendings += 1;
    // It reaches the bank, but what the bank answers does not come back, twice.
    if (sendings > 2) return route.continue();
    await route.fetch();
    return route.abort();
  });
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  expect(sendings).toBe(3);
  await choose(page, fr.result.done);
  expect(await balanceOn(page)).toBe('80,00 €');
});

test('settles an operation by PIN after a reload, whether or not it had been carried out', async () => {
  for (const hadArrived of [true, false]) {
    const customer = await bank().customer({ amountMinor: 10_000n });
    const { page } = await kiosk();
    await logIn(page, customer);
    await chooseWithdrawal(page);
    await page.route('**/withdrawals', async (route) => {
      if (hadArrived) await route.fetch();
      await route.abort();
    });
    await typePin(page, '2527');
    await page.getByText(fr.working.waiting(1)).waitFor();
    await page.reload();
    await title(page, fr.unsettled.title);
    await page.unroute('**/withdrawals');
    await typePin(page, '0000');
    await page.getByText(fr.pin.wrong(2)).waitFor();
    // Reloaded once more: it is still known.
    await page.reload();
    await title(page, fr.unsettled.title);
    await typePin(page, '2527');
    await title(page, fr.result.withdrawal);
    expect(await amountsOf(bank(), customer)).toEqual(['-20.00', '100.00']);
    // Settled is settled.
    await page.reload();
    await page.getByText(fr.homeScreen.hint).waitFor();
    expect(await balanceOn(page)).toBe('80,00 €');
  }
});

test('lists an operation without an answer as not confirmed in the summary', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.keyboard.press('2');
  await title(page, fr.cash.depositTitle);
  await page.keyboard.press('1');
  await page.route('**/deposits', (route) => route.abort());
  await typePin(page, '2527');
  await page.getByText(fr.working.waiting(1)).waitFor();
  await page.reload();
  await title(page, fr.unsettled.title);
  await page.keyboard.press('Escape');
  await title(page, fr.farewell.title);
  await page.getByText(fr.outcomes.unsettled).waitFor();
  await page.getByText(fr.farewell.unsettled).waitFor();
});

test('moves no money by Back or reload on any step', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.keyboard.press('1');
  await title(page, fr.cash.withdrawTitle);
  await page.goBack();
  await page.getByText(fr.homeScreen.hint).waitFor();
  await chooseWithdrawal(page);
  await page.getByRole('application').waitFor();
  await page.keyboard.type('25');
  await page.reload();
  await page.getByText(fr.homeScreen.hint).waitFor();
  // After the result, Back repeats nothing.
  await chooseWithdrawal(page);
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  await page.goBack();
  await page.goBack();
  await title(page, fr.result.withdrawal);
  await choose(page, fr.result.leave);
  await title(page, fr.farewell.title);
  await page.goBack();
  await title(page, fr.farewell.title);
  expect(await amountsOf(bank(), customer)).toEqual(['-20.00', '100.00']);
});

test('warns when nobody is there, goes on at any key, then ends the session with nothing left behind', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page, context } = await kiosk();
  await page.clock.install();
  await page.reload();
  await page.clock.runFor(1_000);
  await logIn(page, customer);
  await page.clock.runFor((warnAfterSeconds + 2) * 1_000);
  await page.getByRole('dialog', { name: fr.idle.title }).waitFor();
  await page.keyboard.press('Shift');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await page.clock.runFor((warnAfterSeconds + 2) * 1_000);
  await page.getByRole('button', { name: fr.idle.stay }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  const [cookie] = (await context.cookies()).filter(({ name }) => name === '__Host-session');
  await page.clock.runFor((warnAfterSeconds + endAfterSeconds + 2) * 1_000);
  await page.getByText(fr.farewell.idle).waitFor();
  await expect.poll(async () => (await context.cookies()).length).toBe(0);
  const { status } = await bank().client.raw('GET', '/api/v1/accounts/me', {
    headers: { authorization: `Bearer ${cookie?.value ?? ''}` },
  });
  expect(status).toBe(401);
  await page.clock.runFor(31_000);
  await title(page, fr.welcome.title);
  // The next page writes its own language down; where it is late, this one goes on with nothing.
  const stored = await page.evaluate(() => [Object.entries(sessionStorage), Object.entries(localStorage)].flat());
  expect([[], [['grand-livre.language', 'fr']]]).toContainEqual(stored);
  await page.goBack().catch(() => undefined);
  expect(await page.content()).not.toContain('Dupont');
});

test('says that a history or a balance cannot be read, never shows it as empty, and can ask again', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  const again = page.getByRole('button', { name: fr.again, exact: true });
  const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.textContent.trim()');
  await page.route('**/accounts/me/entries*', (route) => route.abort());
  await choose(page, fr.homeScreen.history);
  await page.getByRole('alert').getByText(fr.history.lost).waitFor();
  for (const claim of [fr.history.none, fr.history.end, fr.history.shown(0)]) {
    expect(await page.getByText(claim).count()).toBe(0);
  }
  // In vain at first: the button stays, with the focus.
  await again.press('Enter');
  await page.getByText(fr.history.reading).waitFor();
  await page.getByRole('alert').getByText(fr.history.lost).waitFor();
  expect(await focused()).toBe(fr.again);
  await page.unroute('**/accounts/me/entries*');
  await again.press('Enter');
  await page.locator('#hint').getByText(fr.history.shown(1)).waitFor();
  await page.getByText(fr.history.end).waitFor();
  expect(await page.getByRole('alert').getByText(fr.history.lost).count()).toBe(0);
  await expect.poll(focused).toBe(fr.history.title);

  await page.getByRole('button', { name: fr.back, exact: true }).click();
  await page.route('**/accounts/me?*', (route) => route.abort());
  await page.route('**/accounts/me', (route) => route.abort());
  await choose(page, fr.homeScreen.seeBalance);
  await page.getByRole('alert').getByText(fr.balance.lost).waitFor();
  await page.unrouteAll();
  await again.press('Enter');
  await expect.poll(() => balanceOn(page)).toBe('100,00 €');
  await expect.poll(focused).toBe(fr.balance.title);
});

test('ends the session that a closed browser left, and does not show it', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page, context } = await kiosk();
  await logIn(page, customer);
  await page.close();
  const next = await context.newPage();
  await next.goto(`${bank().client.origin}/atm/`);
  await title(next, fr.welcome.title);
  await expect.poll(async () => (await context.cookies()).length).toBe(0);
});

// A whole bank is started, and its server once more.
test('carries a withdrawal out once when the server is killed in the middle of it', { timeout: 180_000 }, async () => {
  const place = await newBankFolder();
  const started = place.start();
  await until(() => started.said().includes('The bank is open'));
  const browser = await launchBrowser();
  const { page, faults } = await openKiosk(browser, `https://localhost:${place.env['PORT'] ?? ''}`);
  await logIn(page, { account: '100001' }, '4821');
  await chooseWithdrawal(page);
  await page.getByRole('application').waitFor();
  // It reaches the server, which dies with it.
  const sent = page.waitForRequest('**/withdrawals');
  await page.keyboard.type('4821');
  await page.keyboard.press('Enter');
  await sent;
  process.kill(childOf(started.process, 'server/src/main.ts'), 'SIGKILL');
  await title(page, fr.result.withdrawal);
  await choose(page, fr.result.done);
  expect(await balanceOn(page)).toBe('8 648,37 €');
  await choose(page, fr.homeScreen.history);
  // A read model that is far behind on a busy machine is named, and read again when somebody asks for it.
  const again = page.getByRole('button', { name: fr.again, exact: true });
  await expect
    .poll(async () => {
      if (await again.isVisible()) await again.click();
      return page.getByRole('main').innerText();
    })
    .toMatch(/\bRetrait\b/);
  expect(await page.getByRole('cell', { name: 'Retrait', exact: true }).count()).toBe(1);
  expect(faults).toEqual([]);
  await browser.close();
  await place.clear();
});
