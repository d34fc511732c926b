/** A walk through every screen and step of the kiosk, in either language, for whoever looks at each of them. */
import type { Page } from 'playwright-core';
import { en } from '../../src/locales/en.ts';
import { fr } from '../../src/locales/fr.ts';

export type Tour = {
  readonly page: Page;
  readonly language: 'fr' | 'en';
  /** An account with enough money on it, and one to transfer to. */
  readonly account: string;
  readonly pin: string;
  readonly other: string;
  /** An account that may be locked. */
  readonly toLock: string;
  /** Told at each screen, once it is shown. */
  readonly visit: (name: string) => Promise<void>;
};

export async function walk({ page, language, account, pin, other, toLock, visit }: Tour): Promise<void> {
  const w = language === 'fr' ? fr : en;
  const press = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).first().click();
  const choose = (name: string): Promise<void> => page.getByRole('list').getByRole('button', { name }).click();
  const title = (text: string): Promise<void> => page.getByRole('heading', { level: 1, name: text }).waitFor();
  const typePin = async (digits: string): Promise<void> => {
    await page.getByRole('application').waitFor();
    await page.keyboard.type(digits);
    await page.keyboard.press('Enter');
  };
  const see = async (text: string, name: string): Promise<void> => {
    await title(text);
    await visit(name);
  };

  await see(w.welcome.title, 'welcome');

  // Opening an account.
  await press(w.welcome.open);
  await see(w.open.pin, 'open-pin');
  await typePin('1379');
  await title(w.open.pinAgain);
  await typePin('1378');
  await see(w.open.pin, 'open-pin-differs');
  await typePin('1379');
  await title(w.open.pinAgain);
  await typePin('1379');
  const typed = [
    [w.open.lastName, 'Lefèvre-Östlund'],
    [w.open.firstName, 'Anne-Sophie'],
    [w.open.address, '12 bis, rue des Trois-Frères'],
    [w.open.postalCode, '75018'],
    [w.open.city, 'Paris'],
    [w.open.landline, ''],
    [w.open.mobile, '+33 6 12 34 56 78'],
  ] as const;
  for (const [label, text] of typed) {
    await title(label);
    await page.getByLabel(label).fill(text);
    if (label === w.open.lastName) await visit('open-name');
    if (label === w.open.mobile) await visit('open-mobile');
    await press(w.go);
  }
  await see(w.open.type, 'open-type');
  await choose(w.types.savings);
  await see(w.open.check, 'open-check');
  await choose(w.open.create);
  await see(w.open.done, 'open-done');
  await press(w.open.enter);

  // Locked out.
  await see(w.logIn.account, 'log-in-account');
  await page.keyboard.type('0');
  await press(w.confirm);
  await page.getByText(w.logIn.accountWrong).waitFor();
  await visit('log-in-account-wrong');
  await page.getByLabel(w.logIn.account).fill(toLock);
  await press(w.confirm);
  await see(w.logIn.pin, 'log-in-pin');
  await typePin('0000');
  await page.getByText(w.logIn.wrong(2)).waitFor();
  await visit('log-in-pin-wrong');
  await typePin('0000');
  await page.getByText(w.logIn.wrong(1)).waitFor();
  await typePin('0000');
  await see(w.locked.title, 'locked');
  await press(w.back);

  // In.
  await title(w.welcome.title);
  await page.keyboard.type(account);
  await page.keyboard.press('Enter');
  await title(w.logIn.pin);
  await typePin(pin);
  await page.getByText(w.homeScreen.hint).waitFor();
  await visit('home');

  // Cash.
  await choose(w.homeScreen.deposit);
  await see(w.cash.depositTitle, 'deposit');
  await page.keyboard.press('5');
  await see(w.pin.confirmTitle, 'pin');
  await typePin(pin);
  await see(w.result.deposit, 'deposit-done');
  await choose(w.result.done);
  await choose(w.homeScreen.withdraw);
  await see(w.cash.withdrawTitle, 'withdrawal');
  await choose(w.cash.other);
  await title(w.cash.field);
  await page.keyboard.type('0');
  await press(w.confirm);
  await page.getByText(w.cash.wrong).waitFor();
  await visit('other-amount-wrong');
  await page.getByLabel(w.cash.field).fill('999999');
  await press(w.confirm);
  await title(w.pin.confirmTitle);
  await typePin(pin);
  await see(w.result.rejected, 'withdrawal-rejected');
  await choose(w.result.otherAmount);
  await title(w.cash.withdrawTitle);
  await page.keyboard.press('1');
  await title(w.pin.confirmTitle);
  // The line is cut: the operation waits, and a reload does not lose it.
  await page.context().setOffline(true);
  await typePin(pin);
  await page.getByText(w.working.waiting(1)).waitFor();
  await visit('waiting');
  await page.context().setOffline(false);
  await see(w.result.withdrawal, 'withdrawal-done');
  await choose(w.result.done);

  // Transfer.
  await choose(w.homeScreen.transfer);
  await see(w.transfer.to, 'transfer-to');
  await page.keyboard.type(other);
  await press(w.confirm);
  await see(w.transfer.amount, 'transfer-amount');
  await page.keyboard.press('2');
  await see(w.transfer.check, 'transfer-check');
  await page.keyboard.press('1');
  await title(w.pin.confirmTitle);
  await typePin(pin);
  await page.getByText(w.transfer.lastHint).waitFor();
  await visit('transfer-last');
  await page.keyboard.press('1');
  await see(w.result.transfer, 'transfer-done');
  await choose(w.result.done);
  await page.getByText(w.homeScreen.hint).waitFor();
  await visit('home-after');

  await choose(w.homeScreen.seeBalance);
  await title(w.balance.title);
  await page.locator('[data-balance]').waitFor();
  await visit('balance');
  await press(w.back);
  await choose(w.homeScreen.history);
  await title(w.history.title);
  await page.getByRole('cell').first().waitFor();
  await visit('history');
  await press(w.back);

  // Another PIN.
  await choose(w.homeScreen.changePin);
  await see(w.changePin.old, 'change-pin');
  await typePin(pin);
  await title(w.changePin.new);
  await typePin('1234');
  await page.getByText(w.changePin.trivial).waitFor();
  await visit('change-pin-trivial');
  await press(w.back);
  await title(w.changePin.old);
  await press(w.cancel);

  // Interrupted.
  await choose(w.homeScreen.deposit);
  await title(w.cash.depositTitle);
  await page.keyboard.press('1');
  await title(w.pin.confirmTitle);
  await page.route('**/deposits', (route) => route.abort());
  await typePin(pin);
  await page.getByText(w.working.waiting(1)).waitFor();
  await page.route(/\/accounts\/me(\?|$)/, (route) => route.abort());
  await page.reload();
  await page.getByText(w.resuming.waiting(1)).waitFor();
  await visit('resuming');
  await page.unroute(/\/accounts\/me(\?|$)/);
  await see(w.unsettled.title, 'unsettled');
  await page.unroute('**/deposits');
  await typePin(pin);
  await title(w.result.deposit);
  await choose(w.result.leave);
  await see(w.farewell.title, 'farewell');
}
