/** What auditors and operators do at the console, in a real browser against a real server. */
import { readFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { transferBatch } from '../../server/src/http/contract/batch.ts';
import { auditAccount } from '../../server/src/http/contract/audit.ts';
import { deposit, transfer, withdraw } from '../../server/src/http/contract/money.ts';
import type { Bank, Customer } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { en } from '../src/words/en.ts';
import { fr } from '../src/words/fr.ts';
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
  one = await bank.customer({ cents: 10_000 });
  other = await bank.customer({ cents: 2_000, firstName: 'Barthélemy-Apollinaire' });
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

test('a wrong password is refused with a sentence, and a reload keeps the session', async () => {
  const opened = await openConsole(browser, bank.client.origin);
  open.push(opened);
  const { page } = opened;
  await page.getByLabel(fr.username).fill('auditor-1');
  await page.getByLabel(fr.password).fill('wrong');
  await page.getByRole('button', { name: fr.logIn }).click();
  await page.getByRole('alert').getByText('do not belong together').waitFor();
  await logIn(page, 'auditor-1', password);
  await page.reload();
  await page.getByRole('heading', { level: 1, name: fr.menu.overview }).waitFor();
  await page.getByRole('button', { name: fr.logOut }).click();
  await page.getByRole('heading', { level: 1, name: fr.logIn }).waitFor();
});

test('the replay goes through an account’s life and ends at its balance, equal to the read model at every point', async () => {
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

test('of a long history a stretch at a time is folded; any point and any day of it are found all the same', async () => {
  const [payer, payee] = [await bank.customer({ cents: 10_000 }), await bank.customer()];
  const [from, to] = [payer.account, payee.account];
  let position = 0;
  for (let batch = 0; batch < 4; batch++) {
    const transfers = Array.from({ length: 1_000 }, (_, id) => ({ id: String(id), from, to, amount: '0.01' }));
    ({ position } = (await bank.client.call(transferBatch, { token: operatorToken, body: { transfers } })).body);
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
  await page.getByLabel(fr.account.moment).fill(new Date().toISOString().slice(0, 10));
  await expect.poll(() => folded(page)).toBe('60,00 €');
  await equal();
  // The balance by value date is of the whole history, which only the server has.
  await page.getByLabel(fr.account.byValue).check();
  await expect.poll(() => textOf(page, '[data-value-date]')).toMatch(/: 60,00 €$/);
  // Without an answer the point stays where it was, and nothing is made up.
  await page.route('**/api/v1/audit/accounts/*/{state,standing}*', (route) => route.abort());
  await page.getByLabel(fr.account.moment).fill('2000-01-01');
  await page.getByRole('alert').getByText(fr.noAnswer).waitFor();
  expect(await textOf(page, '[data-value-date]')).toBe('');
  await page.getByLabel(fr.account.byRecorded).check();
  await page.getByRole('alert').getByText(fr.noAnswer).waitFor();
  expect(await folded(page)).toBe('60,00 €');
});

test('an auditor sees no action; an operator freezes with a reason, and it shows in the history', async () => {
  const auditor = await console_('auditor-1');
  await goTo(auditor, `/accounts/${other.account}`);
  await auditor.locator('[data-balance]').waitFor();
  for (const act of ['freeze', 'close', 'unlock'] as const) {
    expect(await auditor.getByRole('button', { name: fr.actions[act], exact: true }).count()).toBe(0);
  }
  expect(await auditor.getByRole('button', { name: fr.actions.reverse }).count()).toBe(0);

  const page = await console_('operator-2');
  await goTo(page, `/accounts/${other.account}`);
  await page.getByRole('button', { name: fr.actions.freeze, exact: true }).click();
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByText(fr.actions.reasonMissing).waitFor();
  await page.getByLabel(fr.actions.reason).fill('à la demande du titulaire');
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByText(fr.status.frozen, { exact: true }).first().waitFor();
  const events = page.getByRole('region', { name: fr.account.events });
  await events.getByText(fr.sentence.AccountFrozen(other.account, 'à la demande du titulaire')).waitFor();
  await events.getByText('par staff:operator-2').waitFor();
  const refused = await bank.client.call(deposit, { token: other.token, body: { amount: '1.00', pin } });
  // Its sessions ended with it.
  expect(refused.body.code).toBe('unauthenticated');
  await page.getByRole('button', { name: fr.actions.unfreeze, exact: true }).click();
  await page.getByLabel(fr.actions.reason).fill('levé');
  await page.getByRole('button', { name: fr.actions.confirm }).click();
  await page.getByRole('button', { name: fr.actions.freeze, exact: true }).waitFor();
});

test('an operator reverses an entry: a new one undoes it, and each names the other', async () => {
  const customer = await bank.customer({ cents: 7_700 });
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

test('the whole bank is verified; a read model that was tampered with is found, with both values', async () => {
  const page = await console_('auditor-1');
  await page.getByRole('link', { name: fr.menu.verification }).click();
  await page.getByRole('button', { name: fr.verification.begin }).press('Enter');
  await expect.poll(() => textOf(page, '[data-state]')).toBe(fr.verification.states.passed);
  // Whoever goes by keyboard is still where they were.
  expect(await page.evaluate('document.activeElement.textContent.trim()')).toBe(fr.verification.begin);
  await bank.database.query('update read.balances set balance = balance + 100 where account = $1', [one.account]);
  await page.getByRole('button', { name: fr.verification.begin }).click();
  await page.getByRole('region', { name: fr.verification.differences }).waitFor();
  const row = await page.getByRole('row', { name: /^solde/ }).innerText();
  await bank.database.query('update read.balances set balance = balance - 100 where account = $1', [one.account]);
  expect(row.replaceAll(/\s+/g, ' ')).toBe(`solde ${one.account} 6450 6550`);
});

test('the feed shows what happens, and holds its place while one reads', async () => {
  const page = await console_('auditor-1', { width: 900 });
  await page.getByRole('link', { name: fr.menu.feed }).click();
  await page.getByText(fr.feed.live).last().waitFor();
  const list = page.getByRole('region', { name: fr.feed.title });
  await bank.client.call(deposit, { token: one.token, body: { amount: '1.23', pin } });
  await list.getByText(`1,23 € déposés sur le compte ${one.account}`).waitFor();
  await bank.client.call(deposit, { token: one.token, body: { amount: '1.00', pin: '0000' } });
  await list.getByText(fr.feed.security.pin_wrong(one.account)).waitFor();
  for (let n = 0; n < 30; n++) await bank.client.call(deposit, { token: one.token, body: { amount: '2.00', pin } });
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

test('files of an account’s entries and events', async () => {
  const page = await console_('auditor-1');
  await goTo(page, `/accounts/${one.account}`);
  for (const [name, content] of [
    [fr.account.csv, /^version;entryId;position;/],
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
])('no screen has a fault that axe sees (dark: $isDark, $width wide)', { timeout: 120_000 }, async (options) => {
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
