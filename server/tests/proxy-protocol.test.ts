/** Behind a balancer: who calls is read from the PROXY protocol's line, and a connection without one gets nowhere. */
import { once } from 'node:events';
import { request } from 'node:https';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { logIn } from '../../api/src/calls/sessions.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let port: number;
beforeAll(async () => {
  bank = await openBank();
  ({ port } = await bank.startServer({ isBehindProxy: true }));
});
afterAll(() => bank.close());

/** The status of a log-in that a balancer passes on for `address`; undefined when the server hangs up. */
async function logInFrom(line: string): Promise<number | undefined> {
  const tcp = connectTcp(port, 'localhost');
  tcp.write(line);
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  tcp.once('close', () => {
    resolve(undefined);
  });
  tcp.on('error', () => undefined);
  const tls = connectTls({ socket: tcp, servername: 'localhost', ca: bank.authority.ca });
  tls.on('error', () => undefined);
  const call = request(
    { createConnection: () => tls, path: logIn.path, method: 'POST', headers: { 'Content-Type': 'application/json' } },
    (response) => {
      resolve(response.statusCode);
      response.resume();
    },
  );
  call.on('error', () => undefined);
  call.end(JSON.stringify({ accountNumber: '1', pin: '0' }));
  const status = await promise;
  tls.destroy();
  return status;
}

const lineFor = (address: string): string => `PROXY TCP4 ${address} 192.0.2.1 40000 5001\r\n`;

test('each client has its own limits, though all come through one balancer', async () => {
  // More than the bucket holds and than drips into it meanwhile.
  const crowd = Array.from({ length: 2 * logIn.rate.source.burst }, () => logInFrom(lineFor('192.0.2.7')));
  const statuses = await Promise.all(crowd);
  expect(statuses).toContain(429);
  expect(await logInFrom(lineFor('192.0.2.8'))).toBe(400);
});

test.each(['', 'GET / HTTP/1.1\r\n\r\n', 'PROXY TCP4 nonsense\r\n', 'x'.repeat(200)])(
  'a connection that begins with %j is closed',
  async (line) => {
    expect(await logInFrom(line)).toBeUndefined();
  },
);

test('a connection that is closed before its line harms nobody', async () => {
  const tcp = connectTcp(port, 'localhost');
  await once(tcp, 'connect');
  tcp.resetAndDestroy();
  expect(await logInFrom(lineFor('192.0.2.9'))).toBe(400);
});
