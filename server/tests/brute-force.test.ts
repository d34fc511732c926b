/** Hundreds of guesses at once, at every door, on two servers: three PINs are tried and no more. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openAccount } from '../src/http/contract/accounts.ts';
import type { Call } from '../src/http/contract/call.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../src/http/contract/money.ts';
import { logIn } from '../src/http/contract/sessions.ts';
import { logInStaff } from '../src/http/contract/staff.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';
import type { Client, Sent } from './support/client.ts';
import { connect } from './support/client.ts';

let bank: Bank;
let servers: readonly Client[];
beforeAll(async () => {
  bank = await openBank();
  servers = [bank.client, (await bank.startServer()).client];
});
afterAll(() => bank.close());

type Door = readonly [name: string, call: Call, sent: (pin: string, account: string, token: string) => Sent];
const doors: readonly Door[] = [
  ['log-in', logIn, (pin, accountNumber) => ({ body: { accountNumber, pin } })],
  ['withdrawal', withdraw, (pin, _account, token) => ({ token, body: { amount: '1', pin } })],
  ['transfer', transfer, (pin, _account, token) => ({ token, body: { amount: '1', pin, to: '999999' } })],
];

const all = (from: readonly Client[], count: number, call: Call, sent: (n: number) => Sent) =>
  Promise.all(
    Array.from({ length: count }, async (_, n) => (await (from[n % from.length] as Client).call(call, sent(n))).body),
  );
const count = (bodies: readonly { readonly code?: unknown }[], code: string): number =>
  bodies.filter((body) => body.code === code).length;

describe.each(doors)('%s', (_name, call, sent) => {
  test('of 400 guesses at once, on two servers, three are tried, though the right PIN is among them', async () => {
    const { account, token } = await bank.customer({ cents: 10_000, pin: '7391' });
    const before = (await bank.history()).length;
    const pins = Array.from({ length: 400 }, (_, n) => (n === 250 ? '7391' : String(1000 + n)));
    const bodies = await all(servers, pins.length, call, (n) => sent(pins[n] ?? '', account, token));
    expect(count(bodies, 'pin_invalid')).toBe(3);
    expect(count(bodies, 'access_locked') + count(bodies, 'too_many_requests')).toBe(397);
    // Nothing happened but the lock.
    const since = (await bank.history()).slice(before).filter(({ event }) => event.type !== 'AccessLocked');
    expect(since).toEqual([]);
  });
});

test('guesses at every door at once count together', async () => {
  const { account, token } = await bank.customer({ cents: 10_000, pin: '7391' });
  const bodies = (
    await Promise.all(
      doors.map(([, call, sent]) => all(servers, 100, call, (n) => sent(String(1000 + n), account, token))),
    )
  ).flat();
  expect(count(bodies, 'pin_invalid')).toBe(3);
});

test('many right log-ins at once all get in', async () => {
  const { account } = await bank.customer({ pin: '7391' });
  const fresh = [await bank.startServer(), await bank.startServer()].map(({ client }) => client);
  const bodies = await all(fresh, 20, logIn, () => ({ body: { accountNumber: account, pin: '7391' } }));
  expect(bodies.filter((body) => 'token' in body)).toHaveLength(20);
});

test('of 300 passwords at once, on two servers, five are tried', async () => {
  const bodies = await all(servers, 300, logInStaff, (n) => ({
    body: { username: 'operator', password: `guess ${String(n)}` },
  }));
  expect(count(bodies, 'credentials_invalid')).toBe(5);
  expect(count(bodies, 'access_locked') + count(bodies, 'too_many_requests')).toBe(295);
});

describe('limits', () => {
  /** How many of so many calls one after the other were let through. */
  const through = async (client: Client, calls: number, call: Call, sent: (n: number) => Sent): Promise<number> =>
    calls - count(await all([client], calls, call, sent), 'too_many_requests');

  test('by account: whoever is slowed down on one is not on another, and a number nobody has is slowed down the same', async () => {
    const { client } = await bank.startServer();
    const { account } = await bank.customer();
    const guess = (accountNumber: string) => () => ({ body: { accountNumber, pin: '0000' } });
    for (const number of [account, '987654321'])
      expect(await through(client, 60, logIn, guess(number))).toBeLessThan(35);
    expect(await through(client, 1, logIn, guess('123456789'))).toBe(1);
  });

  test('by user name', async () => {
    const { client } = await bank.startServer();
    const guess = (username: string) => () => ({ body: { username, password: 'wrong' } });
    expect(await through(client, 60, logInStaff, guess('root'))).toBeLessThan(35);
    expect(await through(client, 1, logInStaff, guess('admin'))).toBe(1);
  });

  test('by session: a preview tells a name, so nobody gets many', async () => {
    const { client } = await bank.startServer();
    const [one, other] = [await bank.customer({ cents: 100 }), await bank.customer({ cents: 100 })];
    const preview = (token: string) => (n: number) => ({ token, body: { to: String(100 + n), amount: '0.01' } });
    expect(await through(client, 60, previewTransfer, preview(one.token))).toBeLessThan(35);
    expect(await through(client, 1, previewTransfer, preview(other.token))).toBe(1);
  });

  test.each([logIn, openAccount, logInStaff, previewTransfer])('by terminal and by address: $id', async (call) => {
    const { port, client } = await bank.startServer();
    const terminal = async (name: string) =>
      connect(port, { ca: bank.authority.ca, ...(await bank.authority.terminal(name)) });
    const [one, other] = [await terminal(`one-${call.id}`), await terminal(`other-${call.id}`)];
    const { token } = await bank.customer();
    const nothing = () => ({ token, body: {} });
    // One that is too fast keeps neither its neighbour waiting nor the address they share.
    const most = call.rate.place.burst;
    expect(await through(one, 2 * most, call, nothing)).toBeLessThan(2 * most);
    expect(await through(other, 1, call, nothing)).toBe(1);
    expect(await through(client, 2 * most, call, nothing)).toBeLessThan(2 * most);
    expect(await through(other, 1, call, nothing)).toBe(1);
    await Promise.all([one.close(), other.close()]);
  });
});

test('a wrong PIN within a session is no way around the lock of the log-in', async () => {
  const { account, token } = await bank.customer({ pin: '7391' });
  for (const n of [1, 2, 3]) await bank.client.call(deposit, { token, body: { amount: '1', pin: `000${String(n)}` } });
  const locked = await bank.client.call(logIn, { body: { accountNumber: account, pin: '7391' } });
  expect(locked.body).toMatchObject({ code: 'access_locked', status: 423 });
});
