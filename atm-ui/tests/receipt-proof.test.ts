/** The proof on the kiosk's receipt: a code that the verifier accepts, on the screen and on paper, which nobody waits for. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestSigner } from '../../server/tests/support/signer.ts';
import { bankPolicy, startSigner } from '../../server/tests/support/signer.ts';
import { violations } from '../../tests/support/axe.ts';
import { qrCode } from '../src/device/qr-code.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { choose, chooseWithdrawal, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories();
const verifier = fileURLToPath(new URL('../../verifier/cli/main.js', import.meta.url));

let signer: TestSigner;
beforeAll(() => {
  signer = startSigner(bank());
});
afterAll(() => signer.stop());

function verify(receipt: string): unknown {
  const policy = join(bank().stateDir, 'policy');
  writeFileSync(policy, bankPolicy);
  const command = [verifier, 'receipt', '-', '--policy', policy, '--json'];
  return JSON.parse(spawnSync(process.execPath, command, { input: receipt, encoding: 'utf8' }).stdout);
}

async function withdraw(page: Page): Promise<void> {
  await chooseWithdrawal(page);
  await title(page, fr.pin.confirmTitle);
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
}

/** What the bank answered to the page, and what the page made of it. */
async function shownCode(page: Page, act: () => Promise<void>): Promise<string> {
  const answering = page.waitForResponse((response) => response.url().includes('/proof-code?') && response.ok());
  await act();
  const { code } = (await (await answering).json()) as { code: string };
  const path = page.getByRole('img', { name: fr.proof.code }).locator('path');
  expect(await path.getAttribute('d')).toBe(qrCode(code).path);
  return code;
}

const sizes = [
  [1024, 768],
  [1280, 1024],
  [1920, 1080],
  [768, 1024],
] as const;

test.each(sizes)('the receipt of a withdrawal shows its proof at %i×%i, and it is accepted', async (width, height) => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk({ width, height });
  await logIn(page, customer);
  const code = await shownCode(page, () => withdraw(page));
  expect(verify(code)).toMatchObject({
    proven: true,
    parts: [{ type: 'Withdrawn', account: customer.account, amount: '-2000', balance: '8000' }],
  });
  await page.getByText(fr.proof.what).first().waitFor();
  expect(await violations(page)).toEqual([]);
  const box = await page.getByRole('img', { name: fr.proof.code }).boundingBox();
  // A module of two pixels and more, all of it inside the screen's width.
  expect(box?.width).toBeGreaterThan(2 * qrCode(code).sizeModules);
  expect((box?.x ?? 0) + (box?.width ?? 0)).toBeLessThanOrEqual(width);
  const folder = process.env['SCREENSHOTS'];
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${String(width)}.png`), fullPage: true });

  await page.emulateMedia({ media: 'print' });
  const onPaper = await page.locator('.on-paper [data-proof]').boundingBox();
  // 72 mm at 96 pixels an inch: more than half a millimetre a module.
  expect(onPaper?.width).toBeCloseTo((72 / 25.4) * 96, 0);
  expect((onPaper?.width ?? 0) / qrCode(code).sizeModules).toBeGreaterThan((0.5 / 25.4) * 96);
});

test('the proof is saved as a file, which is accepted; in English, too', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await shownCode(page, () => withdraw(page));
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByRole('img', { name: en.proof.code }).waitFor();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: en.proof.save }).click();
  const saved = await saving;
  expect(saved.suggestedFilename()).toMatch(/^receipt-\d+\.tlog-proof$/);
  expect(verify(readFileSync(await saved.path(), 'utf8'))).toMatchObject({ proven: true });
});

test('the code goes with the balance that is hidden, since it holds it', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.getByRole('button', { name: fr.hide }).click();
  const answered = page.waitForResponse((response) => response.url().includes('/proof-code?'));
  await withdraw(page);
  await answered;
  await page.getByText(fr.proof.hidden).first().waitFor();
  expect(await page.locator('[data-proof]').count()).toBe(0);
});

test('nobody waits for a proof: without a signer the receipt stands at once, with a sentence', async () => {
  await signer.stop();
  try {
    const customer = await bank().customer({ amountMinor: 10_000n });
    const { page } = await kiosk();
    await logIn(page, customer);
    await withdraw(page);
    await page.getByText(fr.proof.reading).first().waitFor();
    await page.getByRole('button', { name: fr.result.receipt }).waitFor();
    await page.getByText(fr.proof.none).first().waitFor();
    expect(await page.locator('[data-proof]').count()).toBe(0);
    await choose(page, fr.result.done);
    await page.getByText(fr.homeScreen.hint).waitFor();
  } finally {
    signer = startSigner(bank());
  }
});
