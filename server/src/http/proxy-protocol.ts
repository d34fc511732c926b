/** Whom a connection comes from when a balancer stands before the server: the first line of the PROXY protocol, version 1. */
import type { Server, Socket } from 'node:net';
import { createServer } from 'node:net';

/** The longest line that the protocol allows, with its end: https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt, 2.1. */
const longestLine = 107;
/** The same document, 2.2, asks for a timeout of at least 3 s: a line lost on the way comes again after that. */
const waitMs = 5_000;
const shape = /^PROXY (?:TCP[46] (\S+) \S+ \d+ \d+|UNKNOWN.*)$/;

type Connection = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** The clients' own addresses, as the balancer named them. */
export type ClientAddresses = {
  /** The address behind a connection, which is the connection's own where no balancer named another. */
  of(connection: Connection): string;
  /** Forgotten when the connection closes. */
  set(connection: Socket, address: string): void;
};

export function clientAddresses(): ClientAddresses {
  /** By the balancer's end of each connection, which is all that a socket inside TLS still tells. */
  const addresses = new Map<string, string>();
  const endOf = ({ remoteAddress, remotePort }: Connection): string => `${remoteAddress ?? ''} ${String(remotePort)}`;
  return {
    of: (connection) => addresses.get(endOf(connection)) ?? connection.remoteAddress ?? '',
    set(connection, address) {
      const end = endOf(connection);
      addresses.set(end, address);
      connection.once('close', () => addresses.delete(end));
    },
  };
}

/**
 * Of the bytes a connection began with: the address its line names (undefined where it names none) and what follows the
 * line; or that more has to be read, or that this is no such line.
 */
export function parseProxyLine(
  read: Buffer,
): { readonly address: string | undefined; readonly rest: Buffer } | 'incomplete' | 'malformed' {
  const end = read.indexOf('\r\n');
  if (end === -1 && read.length < longestLine) return 'incomplete';
  const line = shape.exec(read.subarray(0, Math.max(end, 0)).toString('latin1'));
  return line === null ? 'malformed' : { address: line[1], rest: read.subarray(end + 2) };
}

/** A server that reads the line and hands the rest of the connection to `next`; a connection without the line ends. */
export function behindProxy(next: Server, clients: ClientAddresses): Server {
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
      const parsed = parseProxyLine(read);
      if (parsed === 'incomplete') return;
      socket.off('readable', onReadable);
      clearTimeout(waiting);
      if (parsed === 'malformed') {
        giveUp();
        return;
      }
      clients.set(socket, parsed.address ?? socket.remoteAddress ?? '');
      if (parsed.rest.length > 0) socket.unshift(parsed.rest);
      next.emit('connection', socket);
    };
    socket.on('readable', onReadable);
  });
}
