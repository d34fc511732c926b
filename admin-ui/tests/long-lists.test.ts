/** A million entries on one account, in a real browser: every one of them can be reached, in order. */
import type { Browser, Locator } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditAccount } from '../../api/src/calls/audit-accounts.ts';
import type { Bank, Customer } from '../../server/tests/support/bank.ts';
import { openBank } from '../../server/tests/support/bank.ts';
import { launchBrowser } from '../../tests/support/chromium.ts';
import { fr } from '../src/locales/fr.ts';
import type { Console } from './support.ts';
import { logIn, openConsole } from './support.ts';

const million = 1_000_000;
let bank: Bank;
let browser: Browser;
let opened: Console;
let customer: Customer;
let list: Locator;

beforeAll(async () => {
  [bank, browser] = await Promise.all([openBank(), launchBrowser()]);
  const token = await bank.staff('auditor');
  customer = await bank.customer();
  const { account } = customer;
  await bank.client.call(auditAccount, { token, params: { account } });
  // Into the read model alone, which is what the list shows: the journal would take ten times as long.
  await bank.database.query(
    `insert into read.entries (account, version, position, posting, type, recorded_at, value_date, amount, balance)
     select $1, n, $2 + n, 0, 'deposit', now(), now(), 1, n from generate_series(1, $3::bigint) as n`,
    [account, 1_000, million],
  );
  await bank.database.query('update read.balances set version = $2, balance = $2 where account = $1', [
    account,
    million,
  ]);
  opened = await openConsole(browser, bank.client.origin);
  await logIn(opened.page, 'auditor-1', 'a long password');
  await opened.page.goto(`${bank.client.origin}/admin/#/accounts/${account}`);
  list = opened.page.getByRole('table', { name: fr.account.entries });
  await list.waitFor();
}, 120_000);
afterAll(async () => {
  await browser.close();
  await bank.close();
});

/** The list itself, in what the page evaluates. */
const box = `document.querySelector('[role=table]')`;

/** The numbers of the entries in sight, from the top down; NaN for one that is still being fetched. */
async function inSight(): Promise<readonly number[]> {
  const numbers = await opened.page.evaluate<readonly string[]>(`
    (() => {
      const { bottom } = ${box}.getBoundingClientRect();
      const headBottom = ${box}.querySelector('[role=row]').getBoundingClientRect().bottom;
      return [...${box}.querySelectorAll('[role=rowgroup] [role=row]')]
        .map((row) => ({ rect: row.getBoundingClientRect(), number: row.querySelector('button')?.textContent }))
        .filter(({ rect }) => rect.bottom > headBottom + 1 && rect.top < bottom - 1)
        .sort((one, other) => one.rect.top - other.rect.top)
        .map(({ number }) => number ?? 'none');
    })()
  `);
  return numbers.map(Number);
}
const down = (from: number, rows: number): readonly number[] => Array.from({ length: rows }, (_, row) => from - row);
/** What is in sight once it is still: some rows without a gap. */
async function settled(): Promise<readonly number[]> {
  let before: readonly number[] = [];
  await expect
    .poll(async () => {
      const now = await inSight();
      const isStill = String(now) === String(before) && now.length > 8 && !now.some(Number.isNaN);
      before = now;
      return isStill;
    })
    .toBe(true);
  expect(before).toEqual(down(before[0] ?? 0, before.length));
  return before;
}

test('shows the first entry at the top and the last one at the end', async () => {
  await list.focus();
  await list.press('Home');
  expect((await settled())[0]).toBe(million);
  await list.press('End');
  await expect.poll(async () => (await settled()).at(-1)).toBe(1);
  await list.press('Home');
  await expect.poll(async () => (await settled())[0]).toBe(million);
});

test.each([
  ['near the top', 0],
  ['in the middle', 0.5],
  ['near the end', 0.9999],
])('%s, keys and the wheel leave nothing out, in either direction', async (_where, share) => {
  await opened.page.evaluate(`${box}.scrollTop = (${box}.scrollHeight - ${box}.clientHeight) * ${String(share)}`);
  const start = await settled();
  expect(Math.abs((start[0] ?? 0) - million * (1 - share))).toBeLessThan(100);
  // A busy browser acts on a key or the wheel some time later: each step waits until it has.
  await list.press('PageDown');
  await expect.poll(async () => (await settled())[0]).toBeLessThan(start[0] ?? 0);
  const next = await settled();
  // What was last in sight still is: nobody has missed an entry.
  expect(next[0]).toBeGreaterThanOrEqual(start.at(-1) ?? 0);
  await list.press('PageUp');
  await expect.poll(settled).toEqual(start);
  await list.hover();
  await opened.page.mouse.wheel(0, 72);
  await expect.poll(async () => (await settled())[0]).toBe((start[0] ?? 0) - 2);
  await opened.page.mouse.wheel(0, -72);
  await expect.poll(settled).toEqual(start);
});
