/** The console on the sample bank as `npm start` brings it up, and on a real bank where one is present. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BankFolder } from '../../operations/tests/start.suite.ts';
import { isOpen, newBankFolder } from '../../operations/tests/start.suite.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { fr } from '../src/locales/fr.ts';
import type { Console } from './support.ts';
import { logIn, openConsole, textOf } from './support.ts';

const inProject = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const realBank = inProject('../shared/data/banque-excellence');

let place: BankFolder;
let browser: Browser;
let opened: Console;
let origin: string;
beforeAll(async () => {
  [place, browser] = [await newBankFolder(), await launchBrowser()];
  const started = place.start();
  await isOpen(started);
  origin = `https://localhost:${place.env['PORT'] ?? ''}`;
  opened = await openConsole(browser, origin);
  await logIn(opened.page, 'operator', /password (\S+)/.exec(started.said())?.[1] ?? '');
});
afterAll(async () => {
  await browser.close();
  await place.clear();
});

/** `Solde` of every account of a file: `100001;…;"8668.37"`. */
const balancesIn = (file: string): readonly (readonly [account: string, balance: string])[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().replaceAll('"', '').split(';');
      const [account, balance] = [fields[0] ?? '', fields.at(-1) ?? ''];
      return account === '' ? [] : [[account, balance] as const];
    });

async function replayEndsAt(account: string, balance: string): Promise<void> {
  const { page } = opened;
  await page.goto(`${origin}/admin/#/accounts/${account}`);
  const text = new Intl.NumberFormat('fr-FR', { style: 'currency', currency: 'EUR' })
    .format(balance as Intl.StringNumericLiteral)
    .replaceAll(/\s/g, ' ');
  await expect.poll(() => textOf(page, `[data-folded="${fr.account.balance}"]`)).toBe(text);
  await expect
    .poll(async () => new Set(await page.locator('[data-equal]').allInnerTexts()))
    .toEqual(new Set([fr.account.equal]));
}

async function verify(): Promise<void> {
  const { page } = opened;
  await page.goto(`${origin}/admin/#/verification`);
  await page.getByRole('button', { name: fr.verification.begin }).click();
  await expect.poll(() => textOf(page, '[data-state]'), { timeout: 30_000 }).toBe(fr.verification.states.passed);
}

test(
  'the sample bank: each replay ends at the balance of its file, and the bank is verified',
  { timeout: 120_000 },
  async () => {
    for (const [account, balance] of balancesIn(inProject('data/comptes.csv'))) await replayEndsAt(account, balance);
    await verify();
    expect(opened.faults).toEqual([]);
  },
);

test.skipIf(!existsSync(realBank))(
  'a real bank imported beside it: replays end at their balances, and the whole is verified',
  { timeout: 180_000 },
  async () => {
    const files = ['clients', 'accounts', 'operations'].flatMap((what, index) => [
      `--${what}`,
      `${realBank}/${['clients', 'comptes', 'operations'][index] ?? ''}.csv`,
    ]);
    const { status, stderr } = spawnSync(process.execPath, [inProject('scripts/import.ts'), ...files], {
      ...{ env: { ...process.env, ...place.env }, encoding: 'utf8' },
    });
    expect(stderr).toBe('');
    expect(status).toBe(0);
    const all = balancesIn(`${realBank}/comptes.csv`);
    for (const [account, balance] of [...all.slice(0, 3), ...all.slice(-3)]) await replayEndsAt(account, balance);
    await verify();
    await opened.page.goto(`${origin}/admin/#/accounts`);
    await opened.page.getByLabel(fr.accounts.search).fill('belliard');
    await opened.page.getByText('Ludovic Belliard').first().waitFor();
    expect(opened.faults).toEqual([]);
  },
);
