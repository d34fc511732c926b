/** A machine at its limit of cash: says so in both languages, moves nothing, and offers a smaller amount. */
import { expect, test } from 'vitest';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { balanceOn, choose, chooseWithdrawal, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories({ cashLimits: { depositMinor: 100_00n, withdrawalMinor: 20_00n, dayMinor: 100_00n } });

test('says that the machine gives no more, that nothing moved, and offers another amount', async () => {
  const customer = await bank().customer({ amountMinor: 50_00n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await chooseWithdrawal(page, '2');
  await typePin(page, '2527');
  await title(page, fr.result.rejected);
  await page.getByText(fr.rejections['cash_limit_exceeded'] ?? '').waitFor();
  await page.getByText(fr.result.nothingMoved).waitFor();
  await page.getByRole('button', { name: 'English' }).click();
  await page.getByText(en.rejections['cash_limit_exceeded'] ?? '').waitFor();
  await page.getByRole('button', { name: 'Français' }).click();
  await choose(page, fr.result.otherAmount);
  await title(page, fr.cash.withdrawTitle);
  await page.keyboard.press('1');
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  await choose(page, fr.result.done);
  expect(await balanceOn(page)).toBe('30,00 €');
});
