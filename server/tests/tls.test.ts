/** The listener's TLS: old protocols and weak ciphers are rejected, seen by trying them. */
import type { TLSSocket } from 'node:tls';
import { connect } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let port: number;
beforeAll(async () => {
  bank = await openBank();
  port = Number(new URL(bank.client.origin).port);
});
afterAll(() => bank.close());

/** What was agreed on, or the error. Level 0 lets this side offer what nobody should take any more. */
function shake(offer: { readonly version?: 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3'; readonly ciphers?: string }) {
  return new Promise<string>((resolve) => {
    const socket: TLSSocket = connect({
      ...{ port, host: 'localhost', servername: 'localhost', ca: bank.authority.ca },
      ...(offer.version !== undefined && { minVersion: offer.version, maxVersion: offer.version }),
      ciphers: `${offer.ciphers ?? 'DEFAULT'}:@SECLEVEL=0`,
    });
    socket.once('secureConnect', () => {
      resolve(`${socket.getProtocol() ?? ''} ${socket.getCipher().name}`);
      socket.destroy();
    });
    socket.once('error', (error: Error) => {
      resolve(`rejected: ${error.message}`);
    });
  });
}

test.each(['TLSv1', 'TLSv1.1'] as const)('%s is rejected', async (version) => {
  expect(await shake({ version })).toMatch(/^rejected: /);
});

test.each([
  ...['NULL-SHA256', 'ADH-AES128-SHA', 'AES128-SHA', 'AES256-GCM-SHA384'],
  ...['ECDHE-ECDSA-AES128-SHA', 'ECDHE-ECDSA-AES256-SHA384'],
])('TLS 1.2 with %s is rejected', async (ciphers) => {
  expect(await shake({ version: 'TLSv1.2', ciphers })).toMatch(/^rejected: /);
});

test('1.3 is what is agreed on; 1.2 with forward secrecy is taken', async () => {
  expect(await shake({})).toMatch(/^TLSv1\.3 TLS_(AES|CHACHA20)/);
  expect(await shake({ version: 'TLSv1.2' })).toMatch(/^TLSv1\.2 ECDHE-ECDSA-(AES\d+-GCM|CHACHA20)/);
});
