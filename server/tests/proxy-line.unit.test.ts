/** The line of the PROXY protocol: what it says, what is no such line, and that nothing behind it is lost. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { behindProxy, clientAddresses, parseProxyLine } from '../src/http/proxy-protocol.ts';

const parse = (text: string): unknown => {
  const parsed = parseProxyLine(Buffer.from(text, 'latin1'));
  return typeof parsed === 'string' ? parsed : { address: parsed.address, rest: parsed.rest.toString('latin1') };
};

test.each([
  ['PROXY TCP4 192.0.2.7 192.0.2.1 40000 5001\r\n', { address: '192.0.2.7', rest: '' }],
  ['PROXY TCP6 2001:db8::7 2001:db8::1 40000 5001\r\n\x16\x03', { address: '2001:db8::7', rest: '\x16\x03' }],
  ['PROXY UNKNOWN\r\nrest\r\n', { address: undefined, rest: 'rest\r\n' }],
  ['PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n', { address: undefined, rest: '' }],
])('%j is a line', (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test.each(['', 'P', 'PROXY TCP4 192.0.2.7 192.0.2.1 40000 5001', 'x'.repeat(106)])('%j is not at its end', (text) => {
  expect(parse(text)).toBe('incomplete');
});

test.each([
  '\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'PROXY TCP4 nonsense\r\n',
  'PROXY TCP5 192.0.2.7 192.0.2.1 40000 5001\r\n',
  ' PROXY UNKNOWN\r\n',
  'x'.repeat(107),
  '\x16\x03\x01'.padEnd(200, '\0'),
])('%j is no such line', (text) => {
  expect(parse(text)).toBe('malformed');
});

test('the line may come in pieces, the client is known while it is connected, and the rest arrives whole', async () => {
  const clients = clientAddresses();
  const inner = createServer();
  const outer = behindProxy(inner, clients).listen(0, '127.0.0.1');
  await once(outer, 'listening');
  const balancer = connect((outer.address() as AddressInfo).port, '127.0.0.1');
  await once(balancer, 'connect');
  const given = once(inner, 'connection') as Promise<[Socket]>;
  for (const piece of ['PROXY TCP4 192.0.', '2.7 192.0.2.1 40000 5001', '\r', '\nfirst']) {
    balancer.write(piece);
    await new Promise(setImmediate);
  }
  const [socket] = await given;
  expect(clients.of(socket)).toBe('192.0.2.7');
  let received = '';
  socket.on('data', (data: Buffer) => (received += data.toString()));
  balancer.end(', second');
  await once(socket, 'end');
  expect(received).toBe('first, second');
  const { remoteAddress, remotePort } = socket;
  socket.destroy();
  await once(socket, 'close');
  expect(clients.of({ remoteAddress, remotePort })).toBe('127.0.0.1');
  outer.close();
});

test('a connection that begins with something else ends, and nobody is given it', async () => {
  const inner = createServer(() => {
    throw new Error('given on');
  });
  const outer = behindProxy(inner, clientAddresses()).listen(0, '127.0.0.1');
  await once(outer, 'listening');
  const stranger = connect((outer.address() as AddressInfo).port, '127.0.0.1');
  stranger.on('error', () => undefined);
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await once(stranger, 'close');
  outer.close();
});
