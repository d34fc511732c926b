/** Hundreds of guesses at once, at every call that takes a PIN or password, on two servers: three PINs are tried and no more. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { openAccount } from '../../api/src/calls/accounts.ts';
import type { Call } from '../../api/src/call.ts';
import { deposit, previewTransfer, transfer, withdraw } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import { logInStaff } from '../../api/src/calls/staff.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import type { Client, Sent } from './support/client.ts';
import { connect } from './support/client.ts';

let bank: Bank;
let servers: readonly Client[];
beforeAll(async () => {
  bank = await openBank();
  servers = [bank.client, (await bank.startServer()).client];
});
afterAll(() => bank.close());

type Guessed = readonly [name: string, call: Call, sent: (pin: string, account: string, token: string) => Sent];
const guessed: readonly Guessed[] = [
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

describe.each(guessed)('%s', (_name, call, sent) => {
  test('of 400 guesses at once, on two servers, three are tried, though the right PIN is among them', async () => {
    const { account, token } = await bank.customer({ amountMinor: 10_000n, pin: '7391' });
    const before = (await bank.history()).length;
    const pins = Array.from({ length: 400 }, (_, n) => (n === 250 ? '7391' : String(1000 + n)));
    const bodies = await all(servers, pins.length, call, (n) => sent(pins[n] ?? '', account, token));
    expect(count(bodies, 'pin_invalid')).toBe(3);
    // Within a session the third ends it.
    const ended = count(bodies, 'unauthenticated');
    expect(count(bodies, 'access_locked') + count(bodies, 'too_many_requests') + ended).toBe(397);
    // Nothing happened but the lock.
    const since = (await bank.history()).slice(before).filter(({ event }) => event.type !== 'AccessLocked');
    expect(since).toEqual([]);
  });
});

test('guesses at every such call at once: three at the log-in and three within the session at most, and both are locked', async () => {
  const { account, token } = await bank.customer({ amountMinor: 10_000n, pin: '7391' });
  const bodies = (
    await Promise.all(
      guessed.map(([, call, sent]) => all(servers, 100, call, (n) => sent(String(1000 + n), account, token))),
    )
  ).flat();
  // The session's third locks the log-in, which may not have had its own third by then.
  expect(count(bodies, 'pin_invalid')).toBeGreaterThanOrEqual(3);
  expect(count(bodies, 'pin_invalid')).toBeLessThanOrEqual(6);
  const { client } = await bank.startServer();
  const right = await client.call(logIn, { body: { accountNumber: account, pin: '7391' } });
  expect(right.body.code).toBe('access_locked');
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

test('a place that guesses at many accounts is slowed down, and no other place is', async () => {
  const { client, port } = await bank.startServer();
  const terminal = async (name: string) =>
    connect(port, { ca: bank.authority.ca, ...(await bank.authority.terminal(name)) });
  const [guesser, neighbour] = [await terminal('guesser'), await terminal('neighbour')];
  const guess = (from: Client, n: number) =>
    from.call(logIn, { body: { accountNumber: String(700_000 + n), pin: '4820' } });
  for (let n = 0; n < 30; n++) expect((await guess(guesser, n)).body.code).toBe('pin_invalid');
  const slowed = await guess(guesser, 30);
  expect(slowed.body).toMatchObject({ code: 'too_many_requests', status: 429 });
  expect(slowed.body.retryAfter).toBeGreaterThan(60);
  // On every server, and whatever the PIN; but at no other place.
  const elsewhere = connect((await bank.startServer()).port, {
    ca: bank.authority.ca,
    ...(await bank.authority.terminal('guesser')),
  });
  expect((await guess(elsewhere, 31)).body.code).toBe('too_many_requests');
  expect((await guess(neighbour, 32)).body.code).toBe('pin_invalid');
  expect((await guess(client, 33)).body.code).toBe('pin_invalid');
  await bank.database.query(`update access.source_failures set at = at - interval '3 minutes'`);
  expect((await guess(guesser, 34)).body.code).toBe('pin_invalid');
  await Promise.all([guesser, neighbour, elsewhere].map((one) => one.close()));
});

describe('limits', () => {
  // Nothing flows back meanwhile, however long the machine takes.
  beforeEach(() => {
    vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  });
  afterEach(() => {
    vi.restoreAllMocks();
  });

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

  test('by session: a preview tells of somebody else, so nobody gets many', async () => {
    const { client } = await bank.startServer();
    const [one, other] = [await bank.customer({ amountMinor: 100n }), await bank.customer({ amountMinor: 100n })];
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
    const most = call.rate.source.burst;
    expect(await through(one, 2 * most, call, nothing)).toBe(most);
    expect(await through(other, 1, call, nothing)).toBe(1);
    expect(await through(client, 2 * most, call, nothing)).toBe(most);
    expect(await through(other, 1, call, nothing)).toBe(1);
    await Promise.all([one.close(), other.close()]);
  });
});

describe('what can be learnt about other accounts', () => {
  /** A terminal of its own, at the two servers, and customers who came to it. */
  const place = async (name: string, customers: number) => {
    const certificate = await bank.authority.terminal(name);
    const at = ({ origin }: Client) => connect(Number(new URL(origin).port), { ca: bank.authority.ca, ...certificate });
    const clients = servers.map(at);
    const tokens = await Promise.all(
      Array.from({ length: customers }, async () => {
        const { account } = await bank.customer({ amountMinor: 1_000n });
        const session = await (clients[0] as Client).call(logIn, { body: { accountNumber: account, pin: person.pin } });
        return session.body.token;
      }),
    );
    return { at, clients, tokens };
  };
  const preview = (token: string | undefined, to: string): Sent => ({ token, body: { to, amount: '0.01' } });
  const send = (token: string | undefined, to: string): Sent => ({
    token,
    body: { to, amount: '0.01', pin: person.pin },
  });
  const later = () => bank.database.query('update access.payee_uses set ends_at = now()');

  test('of 128 payees asked for at once, on two servers, one account is told 30, and the same number later', async () => {
    const { clients, tokens } = await place('names', 2);
    const { account: to } = await bank.customer();
    for (let hour = 0; hour < 2; hour++) {
      const bodies = await all(clients, 128, previewTransfer, () => preview(tokens[0], to));
      expect(bodies.filter((body) => 'payee' in body).length).toBeLessThanOrEqual(30);
      expect(count(bodies, 'too_many_requests')).toBeGreaterThanOrEqual(98);
      await later();
    }
    // Another customer at the same place is told as before.
    const [other] = await all(clients, 1, previewTransfer, () => preview(tokens[1], to));
    expect(other).toHaveProperty('payee');
  });

  test('whoever opens account after account to ask from is told 100 payees an hour at one place', async () => {
    const { clients, tokens } = await place('openings', 6);
    const { account: to } = await bank.customer();
    const bodies = (
      await Promise.all(tokens.map((token) => all(clients, 30, previewTransfer, () => preview(token, to))))
    ).flat();
    expect(bodies.filter((body) => 'payee' in body)).toHaveLength(100);
    expect(count(bodies, 'too_many_requests')).toBe(80);
  });

  test.each([
    ['transfers', transfer, send],
    ['previews', previewTransfer, preview],
  ] as const)(
    '%s to 100 numbers at once, on two servers, tell of ten that they do not exist',
    async (_, call, sent) => {
      const { at, clients, tokens } = await place(`unknown-${call.id}`, 2);
      const { account: to } = await bank.customer();
      const number = (n: number) => String(900_000 + n);
      const bodies = await all(clients, 100, call, (n) => sent(tokens[0], number(n)));
      expect(count(bodies, 'destination_not_found')).toBeLessThanOrEqual(10);
      expect(count(bodies, 'destination_not_found') + count(bodies, 'too_many_requests')).toBe(100);
      // From then on a number that exists is answered the same.
      const [known] = await all(clients, 1, call, () => sent(tokens[0], to));
      expect(known).toMatchObject({ code: 'too_many_requests' });
      const [ofAnother] = await all(clients, 1, call, () => sent(tokens[1], to));
      expect(ofAnother).not.toHaveProperty('code');
      await later();
      const fresh = at((await bank.startServer()).client);
      const [next] = await all([fresh], 1, call, () => sent(tokens[0], to));
      expect(next).not.toHaveProperty('code');
    },
  );

  test('whoever opens account after account to try numbers from learns of 50 an hour at one place', async () => {
    const { clients, tokens } = await place('tries', 7);
    const bodies = (
      await Promise.all(
        tokens.map((token, one) => all(clients, 10, transfer, (n) => send(token, String(800_000 + 10 * one + n)))),
      )
    ).flat();
    expect(count(bodies, 'destination_not_found')).toBe(50);
    expect(count(bodies, 'too_many_requests')).toBe(20);
  });

  test('a few mistyped numbers stop nobody', async () => {
    const { clients, tokens } = await place('slips', 1);
    const { account: to } = await bank.customer();
    for (let n = 0; n < 5; n++) await all(clients, 1, transfer, () => send(tokens[0], String(700_000 + n)));
    const [done] = await all(clients, 1, transfer, () => send(tokens[0], to));
    expect(done).toHaveProperty('operationId');
  });
});

test('a wrong PIN within a session is no way around the lock of the log-in', async () => {
  const { account, token } = await bank.customer({ pin: '7391' });
  for (const n of [1, 2, 3]) await bank.client.call(deposit, { token, body: { amount: '1', pin: `000${String(n)}` } });
  const locked = await bank.client.call(logIn, { body: { accountNumber: account, pin: '7391' } });
  expect(locked.body).toMatchObject({ code: 'access_locked', status: 423 });
});
