/** A relay on the loopback that passes everything on and copies it: the recorder that needs nothing installed. */
import type { AddressInfo, Socket } from 'node:net';
import { connect as connectTcp, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { Piece, Recorder } from './recording.ts';

/**
 * `takeOffTls`: the relay itself speaks TLS with the bank, so that what it records is readable. For seeing that the
 * search finds what is there to be found.
 */
export async function recordByRelay(
  bankPort: number,
  { takeOffTls }: { readonly takeOffTls?: { readonly ca: string } } = {},
): Promise<Recorder> {
  const pieces: Piece[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((customer) => {
    const to = { host: 'localhost', port: bankPort };
    const bank = takeOffTls === undefined ? connectTcp(to) : connectTls({ ...to, ca: takeOffTls.ca });
    const pass = (from: Piece['from'], source: Socket, target: Socket): void => {
      sockets.add(source);
      source.on('data', (bytes: Buffer) => {
        pieces.push({ atMs: Date.now(), from, bytes });
        target.write(bytes);
      });
      source.on('end', () => target.end());
      source.on('error', () => target.destroy());
      source.on('close', () => sockets.delete(source));
    };
    pass('customer', customer, bank);
    pass('bank', bank, customer);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, 'localhost', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      return { recorder: 'a relay on the loopback', unit: 'pieces', pieces };
    },
  };
}
