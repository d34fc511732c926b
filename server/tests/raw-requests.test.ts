/** Requests no HTTP client would send: too slow, too long, contradictory. Each ends in a problem or a closed line, in bounded time. */
import type { Socket } from 'node:net';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readOwnAccount } from '../../api/src/calls/accounts.ts';
import { live } from '../../api/src/calls/system.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let port: number;
let token: string;
beforeAll(async () => {
  bank = await openBank();
  port = Number(new URL(bank.client.origin).port);
  ({ token } = await bank.customer());
});
afterAll(() => bank.close());

type Ended = { readonly text: string; readonly seconds: number };

/** Sends this at once, then a byte a second for as long as the server listens; gives what came back until the line was closed. */
function send(first: string, drip = '', { allowHalfOpen = false } = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const startedMs = performance.now();
    let text = '';
    const socket = connectTls({ port, host: 'localhost', ca: bank.authority.ca });
    socket.allowHalfOpen = allowHalfOpen;
    const dripping = setInterval(() => {
      if (drip !== '' && socket.writable) socket.write(drip);
    }, 1_000);
    socket.on('data', (data) => (text += String(data)));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearInterval(dripping);
      resolve({ text, seconds: (performance.now() - startedMs) / 1000 });
    });
    socket.write(first);
  });
}

const lines = (...text: readonly string[]): string => text.join('\r\n');
const post = ['POST /api/v1/sessions HTTP/1.1', 'Host: localhost', 'Content-Type: application/json'];
const isProblem = ({ text }: Ended, status: number): void => {
  expect(text).toMatch(new RegExp(`^HTTP/1\\.1 ${String(status)} `));
  expect(text).toContain('application/problem+json');
  expect(text).not.toMatch(/\n\s+at /);
};

describe.concurrent('whoever is slow is not waited for', () => {
  test('headers that drip', async () => {
    const ended = await send('GET /health/live HTTP/1.1\r\nHost: localhost\r\nX: ', 'y');
    expect(ended.seconds).toBeLessThan(20);
    isProblem(ended, 408);
  });

  test('a body that drips', async () => {
    const ended = await send(lines(...post, 'Content-Length: 5000', '', '{"pin":"'), '1');
    expect(ended.seconds).toBeLessThan(30);
    isProblem(ended, 408);
  });

  test('a body that goes on dripping after its problem', async () => {
    const ended = await send(lines(...post, 'Content-Length: 5000', '', '{"pin":"'), '1', { allowHalfOpen: true });
    expect(ended.seconds).toBeLessThan(30);
    isProblem(ended, 408);
  });

  test('chunks that drip', async () => {
    const ended = await send(lines(...post, 'Transfer-Encoding: chunked', '', ''), '1\r\n1\r\n');
    expect(ended.seconds).toBeLessThan(30);
  });

  test('a handshake that never comes', async () => {
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      const socket = connectTcp(port, 'localhost');
      socket.on('error', () => undefined);
      socket.on('close', () => {
        resolve();
      });
    });
    expect(performance.now() - startedMs).toBeLessThan(20_000);
  });

  test('nobody else notices', async () => {
    for (let n = 0; n < 100; n++) expect((await bank.client.call(live)).status).toBe(200);
  });
});

describe('whoever is not clear is told so', () => {
  const close = 'Connection: close';
  test.each<[string, string, number]>([
    ['headers beyond 16 KiB', lines('GET / HTTP/1.1', 'Host: localhost', `X: ${'x'.repeat(20_000)}`, '', ''), 431],
    ['a header without a name', lines('GET / HTTP/1.1', 'Host: localhost', ': x', '', ''), 400],
    ['a header with a line feed in it', lines('GET / HTTP/1.1', 'Host: localhost', 'X: a\nb\0', '', ''), 400],
    ['no host', lines('GET / HTTP/1.1', close, '', ''), 400],
    ['two lengths', lines(...post, 'Content-Length: 2', 'Content-Length: 20', '', '{}'), 400],
    ['a length and chunks', lines(...post, 'Content-Length: 2', 'Transfer-Encoding: chunked', '', '0', '', ''), 400],
    ['a length below zero', lines(...post, 'Content-Length: -2', '', '{}'), 400],
    ['an unknown coding', lines(...post, close, 'Transfer-Encoding: gzip, chunked', '', '0', '', ''), 400],
    ['an unknown version', lines('GET / HTTP/9.9', 'Host: localhost', '', ''), 400],
    ['an unknown method', lines('STEAL / HTTP/1.1', 'Host: localhost', '', ''), 400],
    ['plain HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 400],
    ['an endless body', lines(...post, close, 'Transfer-Encoding: chunked', '', `fffff`, 'x'.repeat(0xfffff)), 413],
    ['a body that is announced too long', lines(...post, close, 'Content-Length: 999999999', '', '{}'), 413],
    ['two types', lines(...post, 'Content-Type: text/plain', close, 'Content-Length: 2', '', '{}'), 400],
    [
      'a web socket',
      lines('GET / HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', '', ''),
      200,
    ],
  ])('%s', async (_what, sent, status) => {
    const ended = await send(
      sent.startsWith('GET / HTTP/1.1') && status === 200 ? sent.replace('Upgrade', 'Upgrade, close') : sent,
    );
    if (status === 200) expect(ended.text).toMatch(/^HTTP\/1\.1 200 /);
    else isProblem(ended, status);
  });

  test('of two tokens neither counts for the other', async () => {
    const both = (one: string, two: string) =>
      send(
        lines(
          ...[`GET ${readOwnAccount.path} HTTP/1.1`, 'Host: localhost', close],
          ...[`Authorization: Bearer ${one}`, `Authorization: Bearer ${two}`, '', ''],
        ),
      );
    // HTTP keeps the first of a header that may come once.
    isProblem(await both('A'.repeat(43), token), 401);
    expect((await both(token, 'A'.repeat(43))).text).toMatch(/^HTTP\/1\.1 200 /);
  });
});

test('one address has 500 connections at most, and gets the next when one of them ends', async () => {
  const opened = (): Promise<{ readonly socket: Socket; readonly isClosed: () => boolean }> =>
    new Promise((resolve) => {
      let closed = false;
      const socket = connectTcp(port, '127.0.0.1', () => {
        resolve({ socket, isClosed: () => closed });
      });
      socket.on('error', () => undefined);
      socket.on('close', () => (closed = true));
      socket.resume();
    });
  const all = await Promise.all(Array.from({ length: 520 }, opened));
  const closedCount = (): number => all.filter(({ isClosed }) => isClosed()).length;
  await expect.poll(closedCount, { timeout: 5_000 }).toBeGreaterThanOrEqual(20);
  // The bank's own client has a few besides.
  expect(closedCount()).toBeLessThan(60);
  for (const { socket } of all) socket.destroy();
  await expect.poll(async () => (await bank.client.call(live)).status, { timeout: 5_000 }).toBe(200);
});
