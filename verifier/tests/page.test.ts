/** The page as somebody has it who trusts nobody: one file, opened in a browser without a network. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { buildPage } from '../page/build.js';
import { en, fr } from '../page/texts.js';
import { bankOf, policyText } from './bank.ts';
import { pack } from './build.ts';

const folder = mkdtempSync(join(tmpdir(), 'verifier-page-'));
const at = (name: string): string => join(folder, name);
const { receipt } = bankOf();

let browser: Browser;
beforeAll(async () => {
  writeFileSync(at('verifier.html'), await buildPage());
  writeFileSync(at('with-policy.html'), await buildPage(policyText));
  writeFileSync(at('receipt.tlog-proof'), receipt);
  writeFileSync(at('forged.tlog-proof'), receipt.replace('index 5', 'index 6'));
  writeFileSync(at('policy'), policyText);
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  rmSync(folder, { recursive: true });
});

type Opened = { readonly page: Page; readonly faults: readonly string[] };

async function open(
  file: string,
  options: { width?: number; height?: number; locale?: string; dark?: boolean } = {},
): Promise<Opened> {
  const { width = 1280, height = 900, locale = 'en-GB', dark = false } = options;
  const context = await browser.newContext({
    ...{ viewport: { width, height }, locale, offline: true, timezoneId: 'Europe/Paris', bypassCSP: false },
    ...{ colorScheme: dark ? ('dark' as const) : ('light' as const), reducedMotion: 'reduce' as const },
  });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) faults.push(request.url());
  });
  await page.goto(pathToFileURL(at(file)).href);
  return { page, faults };
}

const answer = async (page: Page, texts: typeof en = en): Promise<string> => {
  await page.getByRole('button', { name: texts.check, exact: true }).click();
  await page.locator('#result').waitFor();
  return (await page.locator('#result').innerText()).replaceAll(/\s+/g, ' ');
};

test('a receipt and a policy chosen as files are proven, in plain words', async () => {
  const { page, faults } = await open('verifier.html');
  await page.getByLabel(en.receiptFile).setInputFiles(at('receipt.tlog-proof'));
  await page.getByLabel(en.policyFile).setInputFiles(at('policy'));
  await expect.poll(() => page.getByLabel(en.policyText).inputValue()).toBe(policyText);
  const said = await answer(page);
  for (const part of [
    ...['✓ Proven', 'bank.example/journal-main', '6 of 8 events at that time', 'Transfer', '-€20.00', '€80.00', '23'],
    ...['loyer é "mai"', 'by witness.example/w1, 14 November 2023', en.notProvenTitle],
  ]) {
    expect(said).toContain(part);
  }
  expect(await page.evaluate<string>('document.activeElement.id')).toBe('result');
  expect(faults).toEqual([]);
  await page.context().close();
});

test('in French, the text of a QR code is pasted, and the policy is there already', async () => {
  const { page, faults } = await open('with-policy.html', { locale: 'fr-FR', width: 390, height: 844 });
  await page.getByLabel(fr.receiptText).fill(pack(receipt));
  const said = await answer(page, fr);
  for (const part of [
    '✓ Prouvé',
    '6 sur 8 événements',
    'Virement',
    '-20,00 €',
    'par witness.example/w1, le 14 novembre 2023',
  ]) {
    expect(said).toContain(part);
  }
  await page.getByRole('button', { name: 'English' }).click();
  expect(await page.locator('#result').innerText()).toContain('✓ Proven');
  expect(await page.evaluate<string>('document.documentElement.lang')).toBe('en');
  expect(faults).toEqual([]);
  await page.context().close();
});

test('a forged receipt, and what is none, are said to be that', async () => {
  const { page, faults } = await open('with-policy.html');
  await page.getByLabel(en.receiptFile).setInputFiles(at('forged.tlog-proof'));
  await expect.poll(() => page.getByLabel(en.receiptText).inputValue()).toContain('index 6');
  expect(await answer(page)).toContain(`✗ Not proven ${en.failures.other_entry}`);
  await page.getByLabel(en.receiptText).fill('<img src=x onerror=alert(1)>');
  await page.getByRole('button', { name: en.check, exact: true }).click();
  await expect.poll(() => page.locator('#result').innerText()).toContain(en.failures.unreadable);
  await page.getByLabel(en.receiptText).fill('');
  await page.getByRole('button', { name: en.check, exact: true }).click();
  await expect.poll(() => page.getByRole('status').innerText()).toBe(en.missing);
  expect(await page.evaluate<string>('document.activeElement.id')).toBe('receipt');
  expect(faults).toEqual([]);
  await page.context().close();
});

test('a file dropped on the page is the receipt', async () => {
  const { page } = await open('with-policy.html');
  const transfer = await page.evaluateHandle(
    `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(receipt)}], 'r.tlog-proof')); return data; })()`,
  );
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
  await expect.poll(() => page.getByLabel(en.receiptText).inputValue()).toBe(receipt);
  expect(await answer(page)).toContain('✓ Proven');
  await page.context().close();
});

test('the keyboard alone is enough', async () => {
  const { page } = await open('with-policy.html');
  await page.getByLabel(en.receiptText).focus();
  await page.keyboard.insertText(pack(receipt));
  const focused = (): Promise<string> => page.evaluate<string>('document.activeElement.type');
  for (let pressed = 0; pressed < 8 && (await focused()) !== 'submit'; pressed += 1) await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await expect.poll(() => page.locator('#result-title').innerText()).toBe('✓ Proven');
  await page.context().close();
});

test('the page cannot send anything anywhere', async () => {
  const { page } = await open('verifier.html');
  const blocked = await page.evaluate<string>(`fetch('https://example.org/').then(() => 'sent', () => 'blocked')`);
  const policy = await page.locator('meta[http-equiv]').getAttribute('content');
  expect(blocked).toBe('blocked');
  expect(policy).toMatch(
    /^default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'$/,
  );
  await page.context().close();
});

/** Where pictures go, when somebody wants to look at them. */
const pictures = process.env['PICTURES'];

test.each([
  { width: 1280, height: 900, locale: 'en-GB', dark: false },
  { width: 390, height: 844, locale: 'fr-FR', dark: true },
  { width: 320, height: 568, locale: 'fr-FR', dark: false },
])('axe finds nothing, nothing overflows and no target is small at $width in $locale', async (options) => {
  const { page } = await open('with-policy.html', options);
  const texts = options.locale === 'fr-FR' ? fr : en;
  const look = async (name: string): Promise<void> => {
    expect(await violations(page)).toEqual([]);
    expect(
      await page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth'),
    ).toBe(0);
    const small = `[...document.querySelectorAll('button, input, textarea')].filter((one) => one.offsetHeight > 0 && one.offsetHeight < 44).map((one) => one.id)`;
    expect(await page.evaluate<string[]>(small)).toEqual([]);
    if (pictures !== undefined)
      await page.screenshot({ path: join(pictures, `${name}-${String(options.width)}.png`), fullPage: true });
  };
  await look('empty');
  await page.getByLabel(texts.receiptText).fill(receipt);
  await answer(page, texts);
  await look('proven');
  await page.getByLabel(texts.receiptText).fill(receipt.replace('index 5', 'index 6'));
  await page.getByRole('button', { name: texts.check, exact: true }).click();
  await expect.poll(() => page.locator('#result-title').innerText()).toContain(texts.notProven);
  await look('not-proven');
  await page.context().close();
});
