/** From the console to the page that checks receipts: a real one is proven, a changed one is not, and whose key counts is said. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { transfer } from '../../api/src/calls/money.ts';
import { readOwnProof } from '../../api/src/calls/receipts.ts';
import type { Bank } from '../../server/tests/support/bank.ts';
import { openBank, person } from '../../server/tests/support/bank.ts';
import type { TestSigner } from '../../server/tests/support/signer.ts';
import { bankPolicy, startSigner } from '../../server/tests/support/signer.ts';
import { violations } from '../../tests/support/axe.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { en as pageEn, fr as pageFr } from '../../verifier/page/texts.js';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import type { Console } from './support.ts';
import { logIn, openConsole } from './support.ts';

let bank: Bank;
let signer: TestSigner;
let browser: Browser;
let receipt: string;
let account: string;
const open: Console[] = [];
beforeAll(async () => {
  [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
  signer = startSigner(bank);
  await bank.staff('auditor');
  const [payer, payee] = [await bank.customer({ amountMinor: 10_000n }), await bank.customer()];
  ({ account } = payer);
  const body = { to: payee.account, amount: '20.00', pin: person.pin, reference: 'loyer' };
  const { position } = (await bank.client.call(transfer, { token: payer.token, body })).body;
  await signer.signedAll();
  const proof = await bank.client.call(readOwnProof, { token: payer.token, query: { position } });
  expect(proof.status, proof.text).toBe(200);
  receipt = proof.text;
});
afterEach(async () => {
  for (const { context, faults } of open.splice(0)) {
    await context.close();
    expect(faults).toEqual([]);
  }
});
afterAll(async () => {
  await browser.close();
  await signer.stop();
  await bank.close();
});

async function openPage(options: Parameters<typeof openConsole>[2] = {}): Promise<Page> {
  const opened = await openConsole(browser, bank.client.origin, options);
  open.push(opened);
  const { page } = opened;
  await logIn(page, 'auditor-1', 'a long password');
  // Served with the page: known as soon as the server has seen what is signed.
  await expect
    .poll(async () => (await bank.client.raw('GET', '/verify')).text, { timeout: 30_000 })
    .toContain('bank-policy');
  await page.getByRole('link', { name: fr.menu.receipt }).click();
  // In the console's language, whatever the browser's is.
  await page.getByRole('heading', { level: 1, name: pageFr.title }).waitFor();
  await page.getByRole('button', { name: pageFr.otherLanguage }).click();
  return page;
}

async function drop(page: Page, text: string): Promise<void> {
  const transferred = await page.evaluateHandle(
    `(() => { const data = new DataTransfer(); data.items.add(new File([${JSON.stringify(text)}], 'r.tlog-proof')); return data; })()`,
  );
  await page.dispatchEvent('#drop', 'drop', { dataTransfer: transferred });
  await expect.poll(() => page.locator('#receipt').inputValue()).toBe(text);
}
async function answer(page: Page): Promise<string> {
  await page.locator('button[type=submit]').click();
  await page.locator('#result').waitFor();
  return (await page.locator('#result').innerText()).replaceAll(/\s+/g, ' ');
}

test('the console says in both languages where a receipt is checked', () => {
  expect([en.menu.receipt, fr.menu.receipt]).toEqual([pageEn.title, pageFr.title]);
});

test('a receipt of this bank is proven with the policy that the bank names, and the page says whose word that is', async () => {
  const page = await openPage();
  expect(await page.locator('#policy').inputValue()).toBe(bankPolicy);
  expect(await page.getByRole('note').innerText()).toBe(pageEn.policyFromBank);
  await drop(page, receipt);
  const said = await answer(page);
  for (const part of ['✓ Proven', 'bank.example/log', 'Transfer', '-€20.00', '€80.00', 'loyer']) {
    expect(said).toContain(part);
  }
});

test('an auditor downloads the proof of an account’s event, and it is proven', async () => {
  const opened = await openConsole(browser, bank.client.origin);
  open.push(opened);
  const { page: shown } = opened;
  await logIn(shown, 'auditor-1', 'a long password');
  await shown.goto(`${bank.client.origin}/admin/#/accounts/${account}`);
  const link = shown.getByRole('link', { name: /^Preuve de l’événement \d+/ });
  await link.waitFor();
  const [download] = await Promise.all([shown.waitForEvent('download'), link.click()]);
  const proof = readFileSync(await download.path(), 'utf8');
  expect(proof).toMatch(/^c2sp\.org\/tlog-proof@v1\n/);
  const page = await openPage();
  await drop(page, proof);
  const said = await answer(page);
  for (const part of ['✓ Proven', 'Transfer', '-€20.00', '€80.00']) expect(said).toContain(part);
});

test('a changed receipt is not proven, nor one of this bank by somebody else’s policy', async () => {
  const page = await openPage();
  const index = /^index (\d+)$/m.exec(receipt)?.[1] ?? '';
  await drop(page, receipt.replace(`index ${index}`, `index ${String(Number(index) - 1)}`));
  expect(await answer(page)).toContain(`✗ ${pageEn.notProven}`);
  const other = join(bank.stateDir, 'another-policy');
  const stranger = 'log other.example/log+16837142+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4\nquorum none\n';
  writeFileSync(other, stranger);
  await page.getByLabel(pageEn.policyFile).setInputFiles(other);
  await expect.poll(() => page.locator('#policy').inputValue()).toBe(stranger);
  expect(await page.locator('#policy-from-bank').isVisible()).toBe(false);
  await drop(page, receipt);
  await page.locator('button[type=submit]').click();
  await expect.poll(() => page.locator('#result-title').innerText()).toContain('✗');
  await page.locator('#policy').fill(bankPolicy);
  expect(await page.getByRole('note').isVisible()).toBe(true);
});

test('nothing leaves the page: it may connect to nobody, its bank included', async () => {
  const page = await openPage();
  expect(await page.evaluate<string>(`fetch('/health/live').then(() => 'sent', () => 'blocked')`)).toBe('blocked');
  // The browser says so in its console: that is no fault.
  await open.pop()?.context.close();
});

/** Where pictures go, when somebody wants to look at them. */
const pictures = process.env['PICTURES'];

test.each([{ width: 1440 }, { width: 1024, isDark: true }, { width: 390 }])(
  'axe finds nothing and nothing overflows at $width, before and after',
  async (options) => {
    const page = await openPage(options);
    const look = async (name: string): Promise<void> => {
      expect(await violations(page)).toEqual([]);
      const overflow = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate<number>(overflow)).toBe(0);
      if (pictures !== undefined)
        await page.screenshot({ path: join(pictures, `${name}-${String(options.width)}.png`), fullPage: true });
    };
    await look('served');
    await drop(page, receipt);
    await answer(page);
    await look('served-proven');
    await page.goBack();
    await page.getByRole('heading', { level: 1, name: fr.menu.overview }).waitFor();
    await look('console');
  },
);
