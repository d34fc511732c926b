/** The HTTPS listener: TLS from 1.2 on, terminals' certificates asked for, every wait bounded, and an orderly end. */
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo, Server as NetServer, Socket } from 'node:net';
import { connectionsBySource } from './connections-by-source.ts';
import type { ClientAddresses } from './proxy-protocol.ts';
import { behindProxy } from './proxy-protocol.ts';
import { sourceOf } from './source.ts';
import type { ApiRejection } from '../../../api/src/problems.ts';
import { toProblem } from '../../../api/src/problems.ts';

export type TlsFiles = { readonly key: string; readonly cert: string; readonly ca: string };

/** Forward secrecy and authenticated encryption only: https://www.rfc-editor.org/rfc/rfc9325, 4.2. */
const ciphers = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE+AESGCM', 'ECDHE+CHACHA20'],
].join(':');

const secureContext = (tls: TlsFiles) => ({ ...tls, minVersion: 'TLSv1.2', ciphers, honorCipherOrder: true }) as const;

/** Chosen, not measured: far above what an honest client needs, and low enough that idle connections go. */
const limits = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 20_000,
  /** How often the two above are checked. */
  checkIntervalMs: 2_000,
  keepAliveMs: 65_000,
  /** A connection on which nothing moves. */
  idleMs: 90_000,
  drainMs: 10_000,
  /** After a problem that ends the connection: whoever goes on sending does not keep it. */
  lingerMs: 1_000,
  connections: 10_000,
  /** Of them from one source: far above what machines behind one address need. */
  connectionsOfSource: 500,
  headerBytes: 16_384,
};

export type Listener = {
  readonly port: number;
  /** New connections get these certificates from now on. */
  readonly renew: (tls: TlsFiles) => void;
  /** Takes no more connections, lets the requests under way end, for a bounded time. */
  close(): Promise<void>;
};

/** Rejects when the port cannot be had. */
export async function listen(
  onRequest: RequestListener,
  {
    tls,
    host,
    port,
    clientsBehindProxy,
  }: {
    readonly tls: TlsFiles;
    readonly host: string;
    readonly port: number;
    /** Given where every connection begins with a line of the PROXY protocol: learns the client's address from it. */
    readonly clientsBehindProxy: ClientAddresses | undefined;
  },
): Promise<Listener> {
  const server = createServer(
    {
      ...secureContext(tls),
      // A terminal shows its certificate; a browser on a desk has none and is served all the same.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: limits.handshakeMs,
      // Said by the application, as a problem.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.headerBytes,
    },
    onRequest,
  );
  server.setTimeout(limits.idleMs);
  // Where no handshake was finished there is nobody to tell: a response would wait for it for ever.
  server.prependListener('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (error, socket) => {
    if (!socket.writable) {
      socket.destroy();
      return;
    }
    socket.end(responseTo(error));
    setTimeout(() => socket.destroy(), limits.lingerMs).unref();
  });
  const admit = connectionsBySource(limits.connectionsOfSource);
  server.prependListener('connection', (socket: Socket) => {
    admit(socket, sourceOf(clientsBehindProxy?.of(socket) ?? socket.remoteAddress ?? ''));
  });
  const outer = clientsBehindProxy === undefined ? server : behindProxy(server, clientsBehindProxy);
  outer.maxConnections = limits.connections;
  await new Promise<void>((resolve, reject) => {
    outer.once('error', reject);
    outer.listen({ host, port }, () => {
      outer.off('error', reject);
      resolve();
    });
  });
  return {
    port: (outer.address() as AddressInfo).port,
    renew(renewed) {
      server.setSecureContext(secureContext(renewed));
    },
    close: () => drain(server, outer),
  };
}

/** What is not even a request gets a problem, too. */
function responseTo(error: Error): string {
  const problem = toProblem(rejectionFor('code' in error ? error.code : undefined), 'none');
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${String(problem.status)} ${problem.title}`,
    'Content-Type: application/problem+json',
    'Strict-Transport-Security: max-age=31536000',
    'X-Content-Type-Options: nosniff',
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    'Connection: close',
    '',
    body,
  ].join('\r\n');
}

function rejectionFor(code: unknown): ApiRejection {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return { code: 'request_timeout' };
  if (code === 'HPE_HEADER_OVERFLOW') return { code: 'headers_too_large' };
  return { code: 'validation_failed', errors: [{ where: 'request', problem: 'must be HTTP/1.1' }] };
}

async function drain(server: Server, outer: NetServer): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    if (outer !== server) server.close();
    outer.close(() => {
      resolve();
    });
  });
  // A connection kept alive would stay for as long as its client likes.
  const idle = setInterval(() => {
    server.closeIdleConnections();
  }, 50);
  const enough = setTimeout(() => {
    server.closeAllConnections();
  }, limits.drainMs);
  await closed;
  clearInterval(idle);
  clearTimeout(enough);
}
