/** Whole visits to the kiosk, in a real browser against a real server. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { en } from '../src/locales/en.ts';
import { fr } from '../src/locales/fr.ts';
import { amountsOf, balanceOn, choose, chooseWithdrawal, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories();

test('opens an account, deposits, withdraws and transfers; the recipient sees the transfer in the history', async () => {
  const second = await bank().customer({ amountMinor: 500n, firstName: 'Marie' });
  const { page } = await kiosk();
  await page.getByRole('button', { name: fr.welcome.open }).click();
  await title(page, fr.open.pin);
  // By touch: the digits of the pad.
  for (const digit of '4680') await page.getByRole('button', { name: digit, exact: true }).click();
  await page.getByRole('button', { name: fr.confirm }).click();
  await title(page, fr.open.pinAgain);
  await typePin(page, '4680');
  await title(page, fr.open.lastName);
  for (const [text, sentence] of [
    ['', fr.open.empty],
    ['Œ'.repeat(81), fr.open.textWrong],
  ] as const) {
    await page.getByLabel(fr.open.lastName).fill(text);
    await page.keyboard.press('Enter');
    await page.getByRole('alert').getByText(sentence).waitFor();
  }
  for (const [label, text] of [
    [fr.open.lastName, 'Œuvrard'],
    [fr.open.firstName, 'Zoé'],
    [fr.open.address, '1 rue de l’Église'],
    [fr.open.postalCode, '13001'],
    [fr.open.city, 'Marseille'],
    [fr.open.landline, ''],
    [fr.open.mobile, '06 12 34 56 78'],
  ] as const) {
    await title(page, label);
    await page.getByLabel(label).fill(text);
    await page.keyboard.press('Enter');
  }
  await choose(page, fr.types.current);
  await title(page, fr.open.check);
  await choose(page, fr.open.create);
  await title(page, fr.open.done);
  const number = await page.locator('[data-account]').innerText();
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: fr.open.save }).click();
  expect(readFileSync(await (await saving).path(), 'utf8')).toContain(`Zoé Œuvrard\nNuméro de compte : ${number}`);
  await page.getByRole('button', { name: fr.open.enter }).click();
  await title(page, fr.logIn.account);
  await page.keyboard.type(number);
  await page.keyboard.press('Enter');
  await typePin(page, '4680');
  await title(page, fr.homeScreen.title('Zoé Œuvrard'));

  await choose(page, fr.homeScreen.deposit);
  await title(page, fr.cash.depositTitle);
  await page.keyboard.press('6');
  await typePin(page, '4680');
  await title(page, fr.result.deposit);
  await choose(page, fr.result.done);

  await choose(page, fr.homeScreen.withdraw);
  await choose(page, fr.cash.other);
  await page.keyboard.type('45,5');
  await page.keyboard.press('Enter');
  await typePin(page, '4680');
  await title(page, fr.result.withdrawal);
  await choose(page, fr.result.done);
  expect(await balanceOn(page)).toBe('154,50 €');

  await choose(page, fr.homeScreen.transfer);
  await title(page, fr.transfer.to);
  await page.keyboard.type(second.account);
  await page.keyboard.press('Enter');
  await title(page, fr.transfer.amount);
  await page.keyboard.press('1');
  await title(page, fr.transfer.check);
  expect((await page.locator('dl').innerText()).replaceAll(/\s+/g, ' ')).toContain(
    `M… D… É… (${second.account}) Montant 20,00 € Votre solde 154,50 € Votre solde après 134,50 €`,
  );
  await choose(page, fr.go);
  await typePin(page, '4680');
  await page.getByText(fr.transfer.lastHint).waitFor();
  await choose(page, fr.transfer.send);
  await title(page, fr.result.transfer);
  await choose(page, fr.result.leave);
  await title(page, fr.farewell.title);
  const summary = await page.getByRole('region', { name: fr.farewell.summary }).innerText();
  expect(summary.match(/Effectué/g)).toHaveLength(3);
  await choose(page, fr.farewell.finish);
  await title(page, fr.welcome.title);

  await logIn(page, second);
  expect(await balanceOn(page)).toBe('25,00 €');
  await choose(page, fr.homeScreen.history);
  await page.getByRole('cell', { name: `Virement de ${number}` }).waitFor();
  await page.getByLabel(fr.history.search).fill('dépôt');
  await expect.poll(() => page.getByRole('row').count()).toBe(2);
  await page.getByLabel(fr.history.search).fill('');
  await page.getByRole('button', { name: fr.history.out }).click();
  await page.getByText(fr.history.none).waitFor();
  const downloading = page.waitForEvent('download');
  await page.getByRole('button', { name: fr.history.download }).click();
  expect(readFileSync(await (await downloading).path(), 'utf8')).toMatch(/^\uFEFF?Date;Libellé;Montant;Solde\r?\n/);
});

test('counts wrong PINs down to the lock, and the lock’s seconds down to its end', async () => {
  const { account } = await bank().customer();
  const { page } = await kiosk();
  await page.keyboard.type(account);
  await page.keyboard.press('Enter');
  await typePin(page, '0000');
  await page.getByText(fr.logIn.wrong(2)).waitFor();
  await typePin(page, '1111');
  await page.getByText(fr.logIn.wrong(1)).waitFor();
  await typePin(page, '2222');
  await title(page, fr.locked.title);
  const left = page.getByRole('timer');
  const first = await left.innerText();
  expect(first).toMatch(/^Encore (5 minutes et 0 seconde|4 minutes et 5\d secondes)$/);
  await expect.poll(() => left.innerText()).not.toBe(first);
  // The right PIN does not open it now.
  await page.keyboard.press('Escape');
  await title(page, fr.welcome.title);
  await page.keyboard.type(account);
  await page.keyboard.press('Enter');
  await typePin(page, '2527');
  await title(page, fr.locked.title);
});

test('says why a withdrawal is rejected, that nothing moved, and offers another amount', async () => {
  const customer = await bank().customer({ amountMinor: 3_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await chooseWithdrawal(page, '2');
  await typePin(page, '2527');
  await title(page, fr.result.rejected);
  await page.getByText(fr.rejections['insufficient_funds'] ?? '').waitFor();
  await choose(page, fr.result.otherAmount);
  await title(page, fr.cash.withdrawTitle);
  await page.keyboard.press('1');
  // A wrong PIN in the middle costs nothing but the PIN.
  await typePin(page, '0000');
  await page.getByText(fr.pin.wrong(2)).waitFor();
  await typePin(page, '2527');
  await title(page, fr.result.withdrawal);
  await choose(page, fr.result.done);
  expect(await balanceOn(page)).toBe('10,00 €');
});

test('rejects a transfer to one’s own account and to one that does not exist', async () => {
  const customer = await bank().customer({ amountMinor: 3_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.keyboard.press('3');
  await title(page, fr.transfer.to);
  await page.keyboard.type(customer.account);
  await page.keyboard.press('Enter');
  await page.getByText(fr.rejections['same_account'] ?? '').waitFor();
  await page.getByLabel(fr.transfer.to).fill('999999999999');
  await page.keyboard.press('Enter');
  await title(page, fr.transfer.amount);
  await page.keyboard.press('1');
  await title(page, fr.transfer.to);
  await page.getByText(fr.rejections['destination_not_found'] ?? '').waitFor();
});

test('carries an operation out once when its buttons are pressed twice', async () => {
  const customer = await bank().customer({ amountMinor: 10_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.keyboard.press('1');
  await title(page, fr.cash.withdrawTitle);
  await page.getByRole('list').getByRole('button').first().dblclick();
  await page.getByRole('application').waitFor();
  await page.keyboard.type('2527');
  await page.getByRole('button', { name: fr.confirm }).dblclick();
  await title(page, fr.result.withdrawal);
  expect(await amountsOf(bank(), customer)).toEqual(['-20.00', '100.00']);
});

test('changes to English in the middle of an operation, which goes on', async () => {
  const customer = await bank().customer({ amountMinor: 123_456n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.keyboard.press('1');
  await title(page, fr.cash.withdrawTitle);
  await page.getByRole('button', { name: 'English' }).click();
  await title(page, en.cash.withdrawTitle);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await page.keyboard.press('1');
  await typePin(page, '2527');
  await title(page, en.result.withdrawal);
  await page.getByText('Your new balance is €1,214.56.').waitFor();
});

test('keeps a hidden balance hidden after an operation', async () => {
  const customer = await bank().customer({ amountMinor: 123_456n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await page.getByRole('button', { name: fr.hide }).click();
  expect(await page.locator('main').innerText()).not.toContain('234,56');
  await page.keyboard.press('2');
  await title(page, fr.cash.depositTitle);
  await page.keyboard.press('1');
  await typePin(page, '2527');
  await title(page, fr.result.deposit);
  expect(await page.locator('main').innerText()).not.toMatch(/2[35]4,56/);
});

test('has no PIN digit in the page or in its storage', async () => {
  const { account } = await bank().customer();
  const { page } = await kiosk();
  await page.keyboard.type(account);
  await page.keyboard.press('Enter');
  await page.getByRole('application').waitFor();
  const before = await page.content();
  await page.keyboard.type('2527');
  await page.getByText(fr.pin.typed(4)).waitFor();
  const isPinIn = (text: string): boolean => text.includes('2527');
  expect(isPinIn(before) || isPinIn(await page.content())).toBe(false);
  expect(await page.locator('input').count()).toBe(0);
  const stored = await page.evaluate<string>('JSON.stringify([{ ...sessionStorage }, { ...localStorage }])');
  expect(isPinIn(stored)).toBe(false);
});

test('says so when the session has ended at the bank', async () => {
  const customer = await bank().customer({ amountMinor: 1_000n });
  const { page } = await kiosk();
  await logIn(page, customer);
  await bank().database.query('delete from access.sessions where account = $1', [customer.account]);
  await page.keyboard.press('5');
  await page.getByText(fr.farewell.expired).waitFor();
});

test('says so for as long as the bank runs as a demonstration', async () => {
  const { page } = await kiosk();
  await page.getByText(fr.demonstration).waitFor();
  const { page: other } = await kiosk({
    prepare: async (opened) => {
      await opened.route('**/health/ready', (route) => route.fulfill({ json: { warnings: [] } }));
    },
  });
  await title(other, fr.welcome.title);
  expect(await other.getByText(fr.demonstration).count()).toBe(0);
});
