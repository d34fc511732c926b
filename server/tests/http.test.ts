/** The HTTPS interface itself: addresses, methods, bodies, headers, limits and TLS, each odd request answered in order. */
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { deposit, previewTransfer } from '../../api/src/calls/money.ts';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank, Customer } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';
import { connect } from './support/client.ts';

const { pin } = person;
let bank: Bank;
let customer: Customer;
beforeAll(async () => {
  bank = await openBank();
  customer = await bank.customer();
});
afterAll(() => bank.close());

const json = { 'content-type': 'application/json' };

test('an unknown address and a wrong method', async () => {
  const nothing = await bank.client.raw('GET', '/api/v1/nothing?x=1');
  expect(nothing.body).toMatchObject({ code: 'not_found', status: 404 });
  expect(nothing.headers['content-type']).toMatch(/^application\/problem\+json/);
  for (const method of ['PUT', 'PATCH', 'GET', 'OPTIONS']) {
    const wrong = await bank.client.raw(method, '/api/v1/sessions');
    expect(wrong.body).toMatchObject({ code: 'method_not_allowed', status: 405 });
    expect(wrong.headers['allow']).toBe('POST, DELETE');
  }
  const odd = await bank.client.raw('GET', '/api/v1/audit/accounts/%E0%A4%A');
  expect(odd.body).toMatchObject({ code: 'validation_failed', errors: [{ where: 'path' }] });
});

describe('bodies', () => {
  const send = async (body: string | Buffer, headers: Record<string, string> = json) =>
    (await bank.client.raw('POST', logIn.path, { headers, body })).body;

  test('what is not JSON is said to be so, without repeating it', async () => {
    for (const body of ['{"pin": "2527"', 'pin=2527', '"2527"', '']) {
      const problem = await send(body);
      expect(problem).toMatchObject({ code: 'validation_failed', status: 400 });
      // An id made by chance may look like anything.
      expect(JSON.stringify({ ...problem, correlationId: '' })).not.toContain('2527');
    }
    expect(await send('null')).toMatchObject({ errors: [{ where: 'body' }] });
    expect(await send('[]')).toMatchObject({ errors: [{ where: 'body', problem: 'must be an object' }] });
    expect((await send('{}')).errors).toEqual([
      { where: 'body.accountNumber', problem: 'is missing' },
      { where: 'body.pin', problem: 'is missing' },
    ]);
  });

  test('another type, encoding or character set', async () => {
    const good = JSON.stringify({ accountNumber: '1', pin: '2527' });
    expect(await send(good, { 'content-type': 'text/plain' })).toMatchObject({ code: 'unsupported_media_type' });
    expect(await send(good, {})).toMatchObject({ code: 'unsupported_media_type', status: 415 });
    expect(await send(good, { ...json, 'content-encoding': 'gzip' })).toMatchObject({ code: 'unsupported_media_type' });
    expect(await send(good, { 'content-type': 'application/json; charset=klingon' })).toMatchObject({
      code: 'unsupported_media_type',
    });
  });

  test('one too large', async () => {
    expect(await send(JSON.stringify({ pin: 'x'.repeat(20_000) }))).toMatchObject({
      code: 'payload_too_large',
      status: 413,
    });
  });

  test('fields of the wrong type, unknown ones, and prototypes', async () => {
    expect((await send('{"accountNumber":{"$gt":""},"pin":["2527"]}')).errors).toEqual([
      { where: 'body.accountNumber', problem: 'must be a string' },
      { where: 'body.pin', problem: 'must be a string' },
    ]);
    expect((await send('{"accountNumber":"017","pin":"2527","__proto__":{"a":1},"extra":1}')).code).toBe(
      'validation_failed',
    );
  });
});

describe('headers', () => {
  const send = (headers: Record<string, string>, amount = '1') =>
    bank.client.raw('POST', deposit.path, {
      headers: { ...json, authorization: `Bearer ${customer.token}`, ...headers },
      body: JSON.stringify({ amount, pin }),
    });

  test.each([
    [{}],
    [{ 'idempotency-key': '' }],
    [{ 'idempotency-key': 'two words' }],
    [{ 'idempotency-key': 'k'.repeat(129) }],
  ])('a command with the key %o is not well formed', async (headers: Record<string, string>) => {
    const reply = await send(headers);
    expect(reply.body).toMatchObject({ code: 'validation_failed', errors: [{ where: 'header Idempotency-Key' }] });
  });

  test('everything wrong is said at once', async () => {
    const reply = await send({}, 'much');
    expect(reply.body.errors?.map(({ where }) => where)).toEqual(['body.amount', 'header Idempotency-Key']);
  });

  test('a key sent twice is no key', async () => {
    const body = JSON.stringify({ amount: '1', pin });
    const raw = await exchange(
      [
        `POST ${deposit.path} HTTP/1.1`,
        'Host: localhost',
        'Connection: close',
        `Authorization: Bearer ${customer.token}`,
        'Content-Type: application/json',
        'Idempotency-Key: one',
        'Idempotency-Key: two',
        `Content-Length: ${String(body.length)}`,
        '',
        body,
      ].join('\r\n'),
    );
    expect(raw).toContain('400 Bad Request');
    expect(raw).toContain('header Idempotency-Key');
  });
});

/** Speaks to the server without an HTTP client in between. */
function exchange(sent: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({
      port: Number(new URL(bank.client.origin).port),
      ca: bank.authority.ca,
      host: 'localhost',
    });
    let received = '';
    socket.on('data', (data) => (received += String(data)));
    socket.on('end', () => {
      resolve(received);
    });
    socket.on('error', reject);
    socket.write(sent);
  });
}

test('what is not HTTP gets a problem, too', async () => {
  const reply = await exchange('HELLO BANK\r\n\r\n');
  expect(reply).toMatch(/^HTTP\/1.1 400 /);
  expect(reply).toContain('application/problem+json');
  expect(reply).not.toContain('    at ');
});

test('one address that is too fast is slowed down, in every limited call on its own', async () => {
  const { client, stop } = await bank.startServer();
  // Nothing flows back meanwhile, however long the machine takes.
  const clock = vi.spyOn(performance, 'now').mockReturnValue(performance.now());
  const codes = await Promise.all(
    Array.from({ length: 400 }, async () => (await client.call(logIn, { body: {} })).body.code as string),
  );
  expect(codes.filter((code) => code === 'validation_failed')).toHaveLength(200);
  const slowed = await client.call(logIn, { body: {} });
  expect(slowed.body).toMatchObject({ code: 'too_many_requests', status: 429 });
  expect(slowed.headers['retry-after']).toBe('1');
  const preview = await client.call(previewTransfer, { token: customer.token, body: {} });
  expect(preview.body.code).toBe('validation_failed');
  clock.mockRestore();
  await stop();
});

describe('TLS', () => {
  const versionOf = (options: object): Promise<string | null> =>
    new Promise((resolve, reject) => {
      const socket = connectTls(
        { port: Number(new URL(bank.client.origin).port), host: 'localhost', ca: bank.authority.ca, ...options },
        () => {
          resolve(socket.getProtocol());
          socket.destroy();
        },
      );
      socket.on('error', reject);
    });

  test('1.3 where the client can, 1.2 as the floor', async () => {
    expect(await versionOf({})).toBe('TLSv1.3');
    expect(await versionOf({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
    await expect(
      versionOf({ minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();
  });

  test('a terminal’s certificate names the terminal; a stranger’s names nobody', async () => {
    const port = Number(new URL(bank.client.origin).port);
    const { ca } = bank.authority;
    const own = await bank.authority.terminal('gare-du-nord-2');
    const strange = await bank.authority.stranger('gare-du-nord-2');
    for (const [certificate, terminal] of [
      [own, 'gare-du-nord-2'],
      [strange, 'desk'],
    ] as const) {
      const client = connect(port, { ca, ...certificate });
      const session = await client.call(logIn, { body: { accountNumber: customer.account, pin } });
      const done = await client.call(deposit, { token: session.body.token, body: { amount: '3', pin } });
      const recorded = (await bank.history()).find(({ id }) => id === done.body.operationId);
      expect(recorded).toMatchObject({
        metadata: { terminal },
        event: { postings: [{ account: `cash:${terminal}` }, { account: customer.account }] },
      });
      await client.close();
    }
  });

  test('where terminals are required, a customer’s call without a certificate is rejected, others are not', async () => {
    const { client, port, stop } = await bank.startServer({ terminals: 'required' });
    const body = { accountNumber: customer.account, pin };
    expect((await client.call(logIn, { body })).body).toMatchObject({ code: 'forbidden', status: 403 });
    expect((await client.raw('GET', '/health/live')).status).toBe(200);
    const terminal = connect(port, { ca: bank.authority.ca, ...(await bank.authority.terminal('t-1')) });
    expect((await terminal.call(logIn, { body })).status).toBe(201);
    await terminal.close();
    await stop();
  });
});
