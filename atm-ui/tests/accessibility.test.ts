/** The kiosk for everybody: axe on every screen, keyboard alone, spoken guidance, zoom, contrast, targets, what it weighs. */
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { violations } from '../../tests/support/axe.ts';
import { warnAfterSeconds } from '../src/device/limits.ts';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { logIn, stories, title, typePin } from './support/stories.ts';
import { walk } from './support/tour.ts';

const { bank, kiosk } = stories();
/** What is too small for a finger: below 48 px either way. */
const small = (page: Page): Promise<readonly string[]> =>
  page.evaluate<readonly string[]>(`
    [...document.querySelectorAll('button, a[href], input')]
      .filter((one) => {
        const { width, height } = one.getBoundingClientRect();
        return width > 0 && (width < 48 || height < 48);
      })
      .map((one) => one.outerHTML)
  `);

/** What hangs over the side, so that one would have to scroll both ways. */
const overflow = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

/** The name of what has the focus. */
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`
    (() => {
      const one = document.activeElement;
      return one.getAttribute('aria-label') ?? one.labels?.[0]?.textContent ?? one.textContent;
    })()
  `);

test.each([
  { language: 'fr', width: 1024, height: 768 },
  // 200 % zoom is half the width and height.
  { language: 'en', width: 512, height: 384 },
] as const)(
  'has no fault that axe sees, no small target and no overflow at $width × $height in $language',
  { timeout: 120_000 },
  async ({ language, width, height }) => {
    const [rich, other, toLock] = await Promise.all([
      bank().customer({ amountMinor: 500_000n }),
      bank().customer(),
      bank().customer(),
    ]);
    const { page } = await kiosk({ language, width, height });
    await page.emulateMedia({ reducedMotion: 'reduce' });
    const wrong: Record<string, readonly string[]> = {};
    const seen: string[] = [];
    await walk({
      ...{ page, language, account: rich.account, pin: '2527', other: other.account, toLock: toLock.account },
      async visit(name) {
        seen.push(name);
        const found = [
          ...(await violations(page)),
          ...(await small(page)).map((html) => `too small: ${html}`),
          ...((await overflow(page)) > 0 ? ['hangs over the side'] : []),
        ];
        if (found.length > 0) wrong[name] = found;
      },
    });
    expect(wrong).toEqual({});
    expect(seen.length).toBeGreaterThan(30);
  },
);

test('has no fault that axe sees in high contrast, switched on or asked for by the system', async () => {
  const customer = await bank().customer({ amountMinor: 1_000n });
  const { page } = await kiosk();
  await page.getByRole('button', { name: fr.contrast }).click();
  await logIn(page, customer);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: fr.contrast }).click();
  await page.emulateMedia({ contrast: 'more' });
  expect(await violations(page)).toEqual([]);
});

test('allows a whole visit by keyboard alone, with the focus on what has just come', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await title(page, fr.welcome.title);
  await expect.poll(() => focused(page)).toBe(fr.welcome.title);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toContain(fr.welcome.open);
  await page.keyboard.press('Shift+Tab');
  await page.keyboard.press('Enter');
  await title(page, fr.logIn.account);
  await expect.poll(() => focused(page)).toBe(fr.logIn.account);
  await page.keyboard.type(customer.account);
  await page.keyboard.press('Enter');
  await expect.poll(() => focused(page)).toBe(fr.pin.pad);
  await page.keyboard.type('252');
  await page.keyboard.press('Backspace');
  await page.keyboard.type('27');
  await page.keyboard.press('Enter');
  await page.getByText(fr.homeScreen.hint).waitFor();
  await expect.poll(() => focused(page)).toBe(fr.homeScreen.title('Zoé Dupont-Évrard'));
  // Hide, then the first choice.
  await page.keyboard.press('Tab');
  await page.keyboard.press('Tab');
  expect(await focused(page)).toContain(fr.homeScreen.withdraw);
  await page.keyboard.press('Space');
  await title(page, fr.cash.withdrawTitle);
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  await expect.poll(() => focused(page)).toBe(fr.result.withdrawal);
  await page.keyboard.press('2');
  await title(page, fr.farewell.title);
});

test('shows an idle warning that takes the focus, has no fault that axe sees, and gives the focus back', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await page.clock.install();
  await page.reload();
  await page.clock.runFor(1_000);
  await logIn(page, customer);
  const hide = page.getByRole('button', { name: fr.hide });
  await hide.focus();
  await page.clock.runFor((warnAfterSeconds + 2) * 1_000);
  const dialog = page.getByRole('dialog', { name: fr.idle.title });
  await dialog.waitFor();
  await expect.poll(() => focused(page)).toBe(fr.idle.stay);
  await page.clock.resume();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press('Enter');
  await dialog.waitFor({ state: 'detached' });
  expect(await focused(page)).toContain(fr.hide);
});

test('ties an error to its field', async () => {
  const { page } = await kiosk();
  await title(page, fr.welcome.title);
  await page.keyboard.type('0');
  await title(page, fr.logIn.account);
  await page.keyboard.press('Enter');
  const field = page.getByLabel(fr.logIn.account);
  await page.getByRole('alert').getByText(fr.logIn.accountWrong).waitFor();
  expect(await field.getAttribute('aria-invalid')).toBe('true');
  const described = await page.evaluate(`
    document.querySelector('input').getAttribute('aria-describedby').split(' ')
      .map((id) => document.getElementById(id).textContent)
  `);
  expect(described).toEqual([fr.logIn.accountHint, fr.logIn.accountWrong]);
});

test('guides through a withdrawal by voice, says no digit of the PIN, and reads the receipt', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  const spoken = (): Promise<readonly string[]> => page.evaluate<readonly string[]>('spoken');
  const says = async (text: string): Promise<void> => {
    await expect.poll(async () => (await spoken()).join('\n').replaceAll(/[\u202f\u00a0]/g, ' ')).toContain(text);
  };
  await title(page, fr.welcome.title);
  await page.keyboard.press('Enter');
  await says(`fr-FR: ${fr.voice.isOn}`);
  await says(fr.welcome.spoken);
  await logIn(page, customer);
  await says(fr.pin.hint);
  await says(fr.pin.typed(3));
  await says(fr.voice.choice(1, fr.homeScreen.withdraw));
  await page.keyboard.press('1');
  await says(fr.voice.choice(2, '40,00 €'));
  await page.keyboard.press('2');
  await typePin(page, '2527');
  await says(fr.result.withdrawal);
  await says('Votre nouveau solde est de 60,00 €.');
  await says('Reçu: Retrait 40,00 €');
  const before = (await spoken()).length;
  await page.keyboard.press('#');
  await expect.poll(async () => (await spoken()).length).toBe(before + 1);
  expect((await spoken()).at(-1)).toContain(fr.result.withdrawal);
  await page.getByRole('button', { name: 'English' }).click();
  await says(`en-GB: ${en.result.withdrawal}`);
  expect((await spoken()).join(' ')).not.toMatch(/2\s?5\s?2\s?7/);
  await page.keyboard.press('*');
  const quiet = (await spoken()).length;
  await page.keyboard.press('1');
  await page.getByText(en.homeScreen.hint).waitFor();
  expect((await spoken()).length).toBe(quiet);
});

test.each([
  [
    'typed by touch',
    async (page: Page): Promise<void> => {
      for (const digit of '2527') await page.getByRole('button', { name: digit, exact: true }).click();
    },
  ],
  [
    'reached with Tab',
    async (page: Page): Promise<void> => {
      // Over every key, from the pad on.
      for (let n = 0; n < 12; n++) await page.keyboard.press('Tab');
    },
  ],
])('the voice says no digit of a PIN %s', async (_what, act) => {
  const { account } = await bank().customer();
  const { page } = await kiosk();
  await title(page, fr.welcome.title);
  await page.keyboard.press('Enter');
  await page.keyboard.type(account);
  await page.keyboard.press('Enter');
  await title(page, fr.logIn.pin);
  await page.evaluate('spoken.length = 0');
  await act(page);
  await page.getByRole('button', { name: fr.confirm }).focus();
  const spoken = (): Promise<readonly string[]> => page.evaluate<readonly string[]>('spoken');
  // The other keys are named.
  await expect.poll(spoken).toContain(`fr-FR: ${fr.confirm}`);
  expect((await spoken()).filter((text) => /: \d$/.test(text))).toEqual([]);
});

test('has at most 120 KiB of scripts on the first screen, and nothing from elsewhere', async () => {
  const { page } = await kiosk();
  await title(page, fr.welcome.title);
  const scripts = await page.evaluate<readonly string[]>(`
    performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.endsWith('.js'))
  `);
  let bytes = 0;
  for (const script of scripts) {
    const { text } = await bank().client.raw('GET', new URL(script).pathname);
    bytes += gzipSync(text, { level: 9 }).length;
  }
  expect(scripts.length).toBeGreaterThan(0);
  expect(bytes).toBeLessThanOrEqual(120 * 1024);
  const { headers } = await bank().client.raw('GET', '/atm/', { headers: { 'accept-encoding': 'br' } });
  expect(headers['content-encoding']).toBe('br');
  expect(headers['content-security-policy']).toContain("script-src 'self'");
  expect(headers['content-security-policy']).not.toContain('unsafe');
});
