/** Whom a connection comes from when a balancer stands before the server: the first line of the PROXY protocol, version 1. */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';

/** The longest line that the protocol allows, with its end: https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, 2.1. */
const longestLine = 107;
const waitMs = 5_000;
const shape = /^PROXY (?:TCP[46] (\S+) \S+ \d+ \d+|UNKNOWN.*)$/;

/** By the balancer's end of each connection, which is all that a socket inside TLS still tells. */
const clients = new Map<string, string>();
const endOf = (socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  `${socket.remoteAddress ?? ''} ${String(socket.remotePort)}`;

/** The client's own address. */
export const clientAddress = (socket: Pick<Socket, 'remoteAddress' | 'remotePort'>): string =>
  clients.get(endOf(socket)) ?? socket.remoteAddress ?? '';

/** A server that reads the line and hands the rest of the connection to `next`; a connection without the line ends. */
export function behindProxy(next: Server): Server {
  return createServer((socket) => {
    const giveUp = (): void => {
      socket.destroy();
    };
    const waiting = setTimeout(giveUp, waitMs);
    socket.on('error', giveUp);
    socket.once('close', () => {
      clearTimeout(waiting);
    });
    let read = Buffer.alloc(0);
    const onReadable = (): void => {
      const more = socket.read() as Buffer | null;
      if (more === null) return;
      read = Buffer.concat([read, more]);
      const end = read.indexOf('\r\n');
      if (end === -1 && read.length < longestLine) return;
      socket.off('readable', onReadable);
      clearTimeout(waiting);
      const line = shape.exec(read.subarray(0, Math.max(end, 0)).toString('latin1'));
      if (line === null) {
        giveUp();
        return;
      }
      const known = endOf(socket);
      clients.set(known, line[1] ?? socket.remoteAddress ?? '');
      socket.once('close', () => clients.delete(known));
      const rest = read.subarray(end + 2);
      if (rest.length > 0) socket.unshift(rest);
      next.emit('connection', socket);
    };
    socket.on('readable', onReadable);
  });
}
