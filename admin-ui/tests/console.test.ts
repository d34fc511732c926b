/** What auditors and operators do at the console, in a real browser against a real server. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { transferBatch } from '../../api/src/calls/batch.ts';
import { civilTime } from '../../ledger/src/civil-time.ts';
import { auditAccount } from '../../api/src/calls/audit-accounts.ts';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import type { Bank, Customer } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import type { Console } from './support.ts';
import { logIn, openConsole, textOf } from './support.ts';

let bank: Bank;
let browser: Browser;
let one: Customer;
let other: Customer;
let auditorToken: string;
let operatorToken: string;
const open: Console[] = [];
const password = 'a long password';
const { pin } = person;

beforeAll(async () => {
  [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
  auditorToken = await bank.staff('auditor');
  operatorToken = await bank.staff('operator');
  one = await bank.customer({ amountMinor: 10_000n });
  other = await bank.customer({ amountMinor: 2_000n, firstName: 'Barthélemy-Apollinaire' });
  await bank.client.call(transfer, {
    ...{ token: one.token, body: { to: other.account, amount: '30.00', pin, reference: 'loyer' } },
  });
  const out = await bank.client.call(withdraw, { token: one.token, body: { amount: '5.50', pin } });
  await bank.client.call(auditAccount, {
    ...{ token: auditorToken, params: { account: one.account }, query: { after: out.body.position } },
  });
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

async function console_(username: 'auditor-1' | 'operator-2', options = {}): Promise<Page> {
  const opened = await openConsole(browser, bank.client.origin, options);
  open.push(opened);
  await logIn(opened.page, username, password);
  return opened.page;
}
const goTo = (page: Page, path: string): Promise<unknown> => page.goto(`${bank.client.origin}/admin/#${path}`);
const folded = (page: Page): Promise<string> => textOf(page, `[data-folded="${fr.account.balance}"]`);
const point = (page: Page): Promise<string> => textOf(page, '[data-point]');

test('rejects a wrong password with a sentence, and goes on with the session after a reload', async () => {
  const opened = await openConsole(browser, bank.client.origin);
  open.push(opened);
  const { page } = opened;
  await page.getByLabel(fr.username).fill('auditor-1');
  await page.getByLabel(fr.password).fill('wrong');
  await page.getByRole('button', { name: fr.logIn }).click();
  await page.getByRole('alert').getByText('do not belong together').waitFor();
  // What the bank would not even look at is said in the reader's language.
  await page.getByLabel(fr.username).fill('Auditor 1');
  await page.getByLabel(fr.password).fill('wrong');
  await page.getByRole('button', { name: fr.logIn }).click();
  await page.getByRole('alert').getByText(fr.usernameWrong).waitFor();
  await logIn(page, 'auditor-1', password);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: fr.menu.overview }).waitFor();
  await page.getByRole('button', { name: fr.logOut }).click();
  await page.getByRole('heading', { level: 1, name: fr.logIn }).waitFor();
});

test('replays an account to its balance, equal to the read model at every point', async () => {
  const page = await console_('auditor-1');
  await page.getByRole('link', { name: fr.menu.accounts }).click();
  await page.getByLabel(fr.accounts.search).fill('zoe');
  await page.getByRole('link', { name: one.account, exact: true }).click();
  await page.getByRole('heading', { level: 1, name: fr.account.title(one.account) }).waitFor();
  await expect.poll(() => folded(page)).toBe('64,50 €');
  expect(await textOf(page, '[data-balance]')).toBe('64,50 €');
  const equal = async (): Promise<void> => {
    await expect
      .poll(async () => new Set(await page.locator('[data-equal]').allInnerTexts()))
      .toEqual(new Set([fr.account.equal]));
  };
  await equal();
  await page.getByRole('button', { name: fr.account.back }).click();
  await expect.poll(() => folded(page)).toBe('70,00 €');
  await equal();
  await page.getByRole('button', { name: fr.account.first }).click();
  await expect.poll(() => point(page)).toBe(fr.account.before);
  await page.getByLabel(fr.account.speed).selectOption('20');
  await page.getByRole('button', { name: fr.account.play }).click();
  await page.getByRole('button', { name: fr.account.play }).waitFor();
  await expect.poll(() => folded(page)).toBe('64,50 €');
  // Dragged to its second entry, and the link to there.
  await page.getByLabel(fr.account.slider).fill('2');
  await expect.poll(() => folded(page)).toBe('70,00 €');
  expect(page.url()).toMatch(new RegExp(`/accounts/${one.account}\\?version=2$`));
  await page.reload();
  await expect.poll(() => point(page)).toBe(fr.account.at('2', '3'));
  await page.getByRole('region', { name: fr.account.events }).getByText('100,00 € déposés').click();
  await expect.poll(() => folded(page)).toBe('100,00 €');
  await page.getByText(fr.account.json, { exact: true }).click();
  expect(await page.locator('pre').innerText()).toContain('"type": "Deposited"');
  // By value date: all of it was today.
  await page.getByLabel(fr.account.byValue).check();
  await page.getByLabel(fr.account.moment).fill('2000-01-01');
  await expect.poll(() => textOf(page, '[data-value-date]')).toMatch(/0,00 €.*0,00 € · identique/);
});

test('folds a long history a window at a time, and finds any point and any day of it', async () => {
  const [payer, payee] = [await bank.customer({ amountMinor: 10_000n }), await bank.customer()];
  const [from, to] = [payer.account, payee.account];
  let position = 0;
  for (let batch = 0; batch < 4; batch++) {
    const transfers = Array.from({ length: 1_000 }, (_, id) => ({ id: String(id), from, to, amount: '0.01' }));
    ({ position } = (
      await bank.client.call(transferBatch, { token: operatorToken, body: { reason: 'test', transfers } })
    ).body);
  }
  await bank.client.call(auditAccount, { token: auditorToken, params: { account: from }, query: { after: position } });
  const page = await console_('auditor-1');
  const equal = async (): Promise<void> => {
    await expect
      .poll(async () => new Set(await page.locator('[data-equal]').allInnerTexts()))
      .toEqual(new Set([fr.account.equal]));
  };
  await goTo(page, `/accounts/${from}`);
  await expect.poll(() => folded(page)).toBe('60,00 €');
  await equal();
  await page.getByLabel(fr.account.slider).fill('2001');
  await expect.poll(() => folded(page)).toBe('80,00 €');
  await equal();
  const entries = page.getByRole('table', { name: fr.account.entries });
  await expect.poll(() => entries.locator('[aria-current=true]').innerText()).toMatch(/^2001\n/);
  // By the day: before there was anything, and the end of today.
  await page.getByLabel(fr.account.moment).fill('2000-01-01');
  await expect.poll(() => point(page)).toBe(fr.account.before);
  await page.getByLabel(fr.account.moment).fill(civilTime('Europe/Paris').dayOf(Date.now()));
  await expect.poll(() => folded(page)).toBe('60,00 €');
  await equal();
  // The balance by value date is of the whole history, which only the server has.
  await page.getByLabel(fr.account.byValue).check();
  await expect.poll(() => textOf(page, '[data-value-date]')).toMatch(/: 60,00 €$/);
  // Without an answer the point stays where it was, and nothing is made up.
  await page.route('**/api/v1/audit/accounts/*/state*', (route) => route.abort());
  await page.getByLabel(fr.account.moment).fill('2000-01-01');
  await page.getByRole('alert').getByText(fr.noAnswer).waitFor();
  expect(await textOf(page, '[data-value-date]')).toBe('');
  await page.getByLabel(fr.account.byRecorded).check();
  await page.getByRole('alert').getByText(fr.noAnswer).waitFor();
  expect(await folded(page)).toBe('60,00 €');
});

test('shows the bank’s days and times wherever the browser is, on the chart’s axis too, and names the zone', async () => {
  const seen = new Set<string>();
  await bank.customer({ amountMinor: 31_415n });
  for (const timezoneId of ['Europe/Paris', 'Asia/Tokyo', 'America/Los_Angeles']) {
    const page = await console_('auditor-1', { timezoneId, prepare: withTenDays });
    await page.getByText(fr.timeZone('Europe/Paris')).waitFor();
    await expect.poll(() => drawnText(page)).toContain('2026');
    const axis = await drawnText(page);
    await page.getByRole('link', { name: fr.menu.feed }).click();
    const times = page
      .getByRole('listitem')
      .filter({ hasText: /314,15\s€ déposés/ })
      .locator('span')
      .first();
    seen.add(`${axis} · ${await times.innerText()}`);
  }
  expect([...seen]).toHaveLength(1);
  // The day on which the clocks go forward; how many days have a label depends on the browser's fonts.
  expect([...seen][0]).toMatch(/(28 mars 2026 \| 30|29) mars 2026/);
});

/** Gives the overview ten days around a change of clocks, and keeps what is written on a canvas: the chart's axes. */
async function withTenDays(page: Page): Promise<void> {
  await page.route('**/api/v1/audit/overview', async (route) => {
    const overview = (await (await route.fetch()).json()) as object;
    const days = Array.from({ length: 10 }, (_none, index) => ({
      day: new Date(Date.UTC(2026, 2, 25 + index)).toISOString().slice(0, 10),
      ...{ deposits: `${String(index)}.00`, outflow: '1.00', transfers: '0.00', operations: 1 },
    }));
    await route.fulfill({ json: { ...overview, days } });
  });
  await page.addInitScript(`
    globalThis.drawnText = new Set();
    const fillText = CanvasRenderingContext2D.prototype.fillText;
    CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
      globalThis.drawnText.add(text);
      return fillText.call(this, text, ...rest);
    };
  `);
}
const drawnText = (page: Page): Promise<string> => page.evaluate<string>('[...globalThis.drawnText].join(" | ")');

test('the overview names the last cosigned checkpoint, and is an alarm when signing has stopped', async () => {
  const at = '2026-11-30T09:00:00.000Z';
  const log = {
    ...{ origin: 'bank.example/log', signed: { size: 1234, at }, cosigned: { size: 1200, at }, stopped: null },
    ...{ unsignedSeconds: 0, uncosignedSeconds: 0, trouble: null as string | null },
  };
  const page = await console_('auditor-1', {
    prepare: (opened: Page) =>
      opened.route('**/api/v1/audit/overview', async (route) => {
        const overview = (await (await route.fetch()).json()) as object;
        await route.fulfill({ json: { ...overview, log } });
      }),
  });
  await page.locator('[data-log]').waitFor();
  expect(await textOf(page, '[data-log]')).toMatch(/^Dernière signature des témoins +1 200 événements · 30 nov/);
  expect(await page.locator('[data-log] [role=alert]').count()).toBe(0);
  Object.assign(log, { trouble: 'not_cosigned', uncosignedSeconds: 1234.5 });
  await page.getByText('Des événements attendent les témoins depuis').waitFor();
  Object.assign(log, { trouble: 'stopped', stopped: 'the journal ends at 7', cosigned: null });
  await page.getByText('La signature s’est arrêtée : the journal ends at 7').waitFor();
  expect(await textOf(page, '[data-log]')).toMatch(/^Dernière signature, sans témoin +1 234 événements/);
});

test('shows an auditor no action; an operator freezes an account with a reason, which is in its history', async () => {
  const frozen = await bank.customer();
  const auditor = await console_('auditor-1');
  await goTo(auditor, `/accounts/${frozen.account}`);
  await auditor.locator('[data-balance]').waitFor();
  for (const act of ['freeze', 'close', 'unlock'] as const) {
    expect(await auditor.getByRole('button', { name: fr.actions[act], exact: true }).count()).toBe(0);
  }
  expect(await auditor.getByRole('button', { name: fr.actions.reverse }).count()).toBe(0);

  const page = await console_('operator-2');
  await goTo(page, `/accounts/${frozen.account}`);
  await page.getByRole('button', { name: fr.actions.freeze, exact: true }).click();
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByText(fr.actions.reasonMissing).waitFor();
  await page.getByLabel(fr.actions.reason).fill('à la demande du titulaire');
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByText(fr.status.frozen, { exact: true }).first().waitFor();
  const events = page.getByRole('region', { name: fr.account.events });
  await events.getByText(fr.sentence.AccountFrozen(frozen.account, 'à la demande du titulaire')).waitFor();
  await events.getByText('par staff:operator-2').waitFor();
  const rejected = await bank.client.call(deposit, { token: frozen.token, body: { amount: '1.00', pin } });
  // Its sessions ended with it.
  expect(rejected.body.code).toBe('unauthenticated');
  await page.getByRole('button', { name: fr.actions.unfreeze, exact: true }).click();
  await page.getByLabel(fr.actions.reason).fill('levé');
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByRole('button', { name: fr.actions.freeze, exact: true }).waitFor();
});

test('holds the focus in an action’s dialog, and gives it back where it came from', async () => {
  const page = await console_('operator-2');
  await goTo(page, `/accounts/${other.account}`);
  const freeze = page.getByRole('button', { name: fr.actions.freeze, exact: true });
  const dialog = page.getByRole('dialog', { name: `${fr.actions.freeze} · ${other.account}` });
  const focused = (): Promise<string> =>
    page.evaluate<string>('(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()');
  await freeze.press('Enter');
  await dialog.waitFor();
  await expect.poll(focused).toBe(fr.actions.reason);
  // Nothing behind it takes the focus: after the browser's own bar comes the field again.
  const reached = new Set<string>();
  for (let presses = 0; presses < 6; presses++) {
    await page.keyboard.press('Tab');
    reached.add(
      await page.evaluate<string>(
        'document.activeElement.closest("dialog") ? "dialog" : document.activeElement.localName',
      ),
    );
  }
  expect([...reached].filter((where) => where !== 'dialog' && where !== 'body')).toEqual([]);
  await page.keyboard.press('Escape');
  await dialog.waitFor({ state: 'detached' });
  expect(await focused()).toBe(fr.actions.freeze);
  await freeze.press('Enter');
  await page.getByRole('button', { name: fr.actions.cancel }).press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(await focused()).toBe(fr.actions.freeze);
  await freeze.press('Enter');
  await dialog.waitFor();
  await page.mouse.click(5, 5);
  await dialog.waitFor({ state: 'detached' });
});

test('reverses an entry by a new one, and each names the other', async () => {
  const customer = await bank.customer({ amountMinor: 7_700n });
  await bank.client.call(auditAccount, { token: auditorToken, params: { account: customer.account } });
  const page = await console_('operator-2');
  await goTo(page, `/accounts/${customer.account}`);
  await expect.poll(() => folded(page)).toBe('77,00 €');
  await page.getByRole('button', { name: fr.actions.reverse }).click();
  await page.getByLabel(fr.actions.reason).fill('billets comptés deux fois');
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await expect.poll(() => folded(page)).toBe('0,00 €');
  await page.getByText(/annulée par l’événement \d+/).waitFor();
  await page.getByText(fr.sentence.EntryReversed(customer.account, '-77,00 €', 'billets comptés deux fois')).waitFor();
});

test('verifies the whole bank, and finds a read model that was tampered with, with both values', async () => {
  const page = await console_('auditor-1');
  await page.getByRole('link', { name: fr.menu.verification }).click();
  await page.getByRole('button', { name: fr.verification.begin }).press('Enter');
  await expect.poll(() => textOf(page, '[data-state]'), { timeout: 30_000 }).toBe(fr.verification.states.passed);
  // Whoever goes by keyboard is still where they were.
  expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe(fr.verification.begin);
  await bank.database.query('update read.balances set balance = balance + 100 where account = $1', [one.account]);
  await page.getByRole('button', { name: fr.verification.begin }).click();
  await page.getByRole('region', { name: fr.verification.differences }).waitFor();
  const row = await page.getByRole('row', { name: /^solde/ }).innerText();
  await bank.database.query('update read.balances set balance = balance - 100 where account = $1', [one.account]);
  expect(row.replaceAll(/\s+/g, ' ')).toBe(`solde ${one.account} · balance ${one.account} 64.50 65.50`);
});

test('shows what happens as it happens, and does not move the list while one reads', async () => {
  const page = await console_('auditor-1', { width: 900 });
  await page.getByRole('link', { name: fr.menu.feed }).click();
  await page.getByText(fr.feed.live).last().waitFor();
  const list = page.getByRole('region', { name: fr.feed.title });
  await bank.client.call(deposit, { token: one.token, body: { amount: '1.23', pin } });
  await list.getByText(`1,23 € déposés sur le compte ${one.account}`).waitFor();
  await bank.client.call(deposit, { token: one.token, body: { amount: '1.00', pin: '0000' } });
  await list.getByText(fr.feed.security.pin_wrong(one.account)).waitFor();
  for (let n = 0; n < 30; n++) await bank.client.call(deposit, { token: one.token, body: { amount: '2.00', pin } });
  await bank.client.call(deposit, { token: one.token, body: { amount: '2.01', pin } });
  // The last of them: none is still on its way.
  await list.getByText('2,01 €').waitFor();
  await expect.poll(() => list.getByRole('listitem').count()).toBeGreaterThan(30);
  await list.hover();
  await page.mouse.wheel(0, 400);
  await expect.poll(() => page.evaluate('document.querySelector("ol").parentElement.scrollTop')).toBeGreaterThan(0);
  const before = await list.getByRole('listitem').count();
  await bank.client.call(deposit, { token: one.token, body: { amount: '9.87', pin } });
  await page.getByRole('button', { name: fr.feed.fresh('1') }).waitFor();
  expect(await list.getByRole('listitem').count()).toBe(before);
  await page.getByRole('button', { name: fr.feed.fresh('1') }).click();
  await list.getByText('9,87 €').waitFor();
});

test('downloads an account’s entries and events as files', async () => {
  const page = await console_('auditor-1');
  await goTo(page, `/accounts/${one.account}`);
  for (const [name, content] of [
    [fr.account.csv, /^\ufeffversion;entryId;position;/],
    [fr.account.pdf, /^%PDF-/],
    [fr.account.lines, /^\{"position":\d+,"id":"[0-9a-f-]{36}","type":"AccountOpened"/],
  ] as const) {
    const downloading = page.waitForEvent('download');
    await page.getByRole('link', { name }).click();
    expect(readFileSync(await (await downloading).path(), 'utf8')).toMatch(content);
  }
});

test.each([
  { isDark: false, width: 1440 },
  { isDark: true, width: 800 },
])('has no fault that axe sees on any screen (dark: $isDark, $width wide)', { timeout: 120_000 }, async (options) => {
  const page = await console_('operator-2', options);
  const wrong: Record<string, readonly string[]> = {};
  const look = async (name: string): Promise<void> => {
    const found = await violations(page);
    if (found.length > 0) wrong[name] = found;
  };
  await page.locator('[data-trial]').waitFor();
  await look('overview');
  await goTo(page, '/accounts');
  await page.getByRole('link', { name: one.account, exact: true }).waitFor();
  await look('accounts');
  await page.getByLabel(fr.accounts.search).fill('nobody at all');
  await page.getByText(fr.accounts.none).waitFor();
  await look('accounts, none');
  await goTo(page, `/accounts/${one.account}`);
  await expect.poll(() => page.locator('[data-equal]').count()).toBeGreaterThan(3);
  await look('account');
  await page.getByRole('button', { name: fr.actions.close, exact: true }).click();
  await page.getByRole('dialog').waitFor();
  await look('action');
  await page.keyboard.press('Escape');
  await goTo(page, '/accounts/999999999');
  await page.getByText(fr.account.notFound).waitFor();
  await look('no such account');
  await goTo(page, '/verification');
  await page.getByRole('heading', { name: fr.verification.results }).waitFor();
  await look('verification');
  await goTo(page, '/feed');
  await page.getByRole('listitem').first().waitFor();
  await page.getByRole('button', { name: fr.otherLanguage }).click();
  await page.getByRole('heading', { level: 1, name: en.feed.title }).waitFor();
  await look('feed');
  expect(wrong).toEqual({});
});
