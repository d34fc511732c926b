/** Another PIN at the machine: asked for, or because the bank asks for it. */
import { expect, test } from 'vitest';
import { resetPin } from '../../api/src/calls/operations.ts';
import { violations } from '../../tests/support/axe.ts';
import { fr } from '../src/locales/fr.ts';
import { balanceOn, choose, enterLogIn, logIn, stories, title, typePin } from './support/stories.ts';

const { bank, kiosk } = stories();

/** As it is for somebody whom the bank has given a one-time PIN. */
async function withOneTimePin(): Promise<{ account: string; oneTimePin: string }> {
  const { account } = await bank().customer({ amountMinor: 5_000n });
  const token = await bank().staff('operator');
  const { body } = await bank().client.call(resetPin, { token, params: { account }, body: { reason: 'Forgotten' } });
  return { account, oneTimePin: body.oneTimePin };
}

test('changes the PIN: old, new, new again; what is too easy to guess, the same or typed otherwise is asked for again', async () => {
  const customer = await bank().customer();
  const { page } = await kiosk();
  await logIn(page, customer);
  await choose(page, fr.homeScreen.changePin);
  await title(page, fr.changePin.old);
  expect(await violations(page)).toEqual([]);
  await typePin(page, '2527');
  await title(page, fr.changePin.new);
  for (const [digits, sentence] of [
    ['2527', fr.changePin.same],
    ['1234', fr.changePin.trivial],
    ['7777', fr.changePin.trivial],
  ] as const) {
    await typePin(page, digits);
    await page.getByRole('alert').getByText(sentence).waitFor();
  }
  await typePin(page, '8051');
  await title(page, fr.changePin.again);
  await typePin(page, '8052');
  await title(page, fr.changePin.new);
  await page.getByRole('alert').getByText(fr.open.differ).waitFor();
  await typePin(page, '8051');
  await title(page, fr.changePin.again);
  await typePin(page, '8051');
  await title(page, fr.changePin.done);
  expect(await page.evaluate<string>('document.body.textContent + JSON.stringify(sessionStorage)')).not.toContain(
    '8051',
  );
  await choose(page, fr.result.done);
  await page.getByText(fr.homeScreen.hint).waitFor();
  // The session takes the new one from now on, and so does the next.
  await page.keyboard.press('2');
  await title(page, fr.cash.depositTitle);
  await page.keyboard.press('1');
  await typePin(page, '2527');
  await page.getByText(fr.pin.wrong(2)).waitFor();
  await typePin(page, '8051');
  await title(page, fr.result.deposit);
  await choose(page, fr.result.leave);
  await choose(page, fr.farewell.finish);
  await logIn(page, customer, '8051');
});

test('asks for another PIN before anything else where the bank says so, after a reload too', async () => {
  const { account, oneTimePin } = await withOneTimePin();
  const { page } = await kiosk();
  await enterLogIn(page, { account }, oneTimePin);
  await title(page, fr.changePin.old);
  await page.getByText(fr.changePin.required).waitFor();
  await page.reload();
  await title(page, fr.changePin.old);
  await typePin(page, oneTimePin);
  await title(page, fr.changePin.new);
  await typePin(page, '8051');
  await title(page, fr.changePin.again);
  await typePin(page, '8051');
  await title(page, fr.changePin.done);
  await choose(page, fr.result.done);
  await title(page, fr.homeScreen.title('Zoé Dupont-Évrard'));
  expect(await balanceOn(page)).toBe('50,00 €');
});

test('whoever will not change the PIN leaves', async () => {
  const { account, oneTimePin } = await withOneTimePin();
  const { page } = await kiosk();
  await enterLogIn(page, { account }, oneTimePin);
  await title(page, fr.changePin.old);
  await page.keyboard.press('Escape');
  await title(page, fr.farewell.title);
});

test('says that the PIN may have been changed when the answer is lost, and sends nothing again by itself', async () => {
  const customer = await bank().customer();
  const { page } = await kiosk();
  await logIn(page, customer);
  await choose(page, fr.homeScreen.changePin);
  let sendings = 0;
  await page.route('**/accounts/me/pin', (route) => {
    sendings += 1;
    return route.abort();
  });
  await title(page, fr.changePin.old);
  await typePin(page, '2527');
  await title(page, fr.changePin.new);
  await typePin(page, '8051');
  await title(page, fr.changePin.again);
  await typePin(page, '8051');
  await title(page, fr.changePin.old);
  await page.getByRole('alert').getByText(fr.changePin.lost).waitFor();
  expect(sendings).toBe(1);
});

test('a new account does not get a PIN that is too easy to guess', async () => {
  const { page } = await kiosk();
  await page.getByRole('button', { name: fr.welcome.open }).click();
  await title(page, fr.open.pin);
  for (const digits of ['0000', '1234', '9876']) {
    await typePin(page, digits);
    await page.getByRole('alert').getByText(fr.changePin.trivial).waitFor();
    await title(page, fr.open.pin);
  }
  await typePin(page, '8051');
  await title(page, fr.open.pinAgain);
});
