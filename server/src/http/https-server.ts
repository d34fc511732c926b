/** The HTTPS server: TLS from 1.2 on, terminals' certificates asked for, every wait bounded, and an orderly end. */
import type { RequestListener } from 'node:http';
import type { Server } from 'node:https';
import { createServer } from 'node:https';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { behindProxy } from './proxy-line.ts';
import type { Refusal } from './problems.ts';
import { toProblem } from './problems.ts';

export type TlsFiles = { readonly key: string; readonly cert: string; readonly ca: string };

/** Forward secrecy and authenticated encryption only: https://www.rfc-editor.org/rfc/rfc9325, 4.2. */
const ciphers = [
  ...['TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256', 'TLS_AES_128_GCM_SHA256'],
  ...['ECDHE+AESGCM', 'ECDHE+CHACHA20'],
].join(':');

const secureContext = (tls: TlsFiles) => ({ ...tls, minVersion: 'TLSv1.2', ciphers, honorCipherOrder: true }) as const;

const limits = {
  handshakeMs: 10_000,
  headersMs: 10_000,
  requestMs: 20_000,
  /** How often the two above are looked at. */
  lookEveryMs: 2_000,
  keepAliveMs: 65_000,
  /** A connection on which nothing moves. */
  idleMs: 90_000,
  drainMs: 10_000,
  connections: 10_000,
  headerBytes: 16_384,
};

export type Door = {
  readonly port: number;
  /** New connections get these certificates from now on. */
  readonly renew: (tls: TlsFiles) => void;
  /** Takes no more connections, lets the requests under way end, for a bounded time. */
  close(): Promise<void>;
};

/** Rejects when the port cannot be had. */
export async function openDoor(
  listener: RequestListener,
  {
    tls,
    host,
    port,
    isBehindProxy,
  }: { readonly tls: TlsFiles; readonly host: string; readonly port: number; readonly isBehindProxy: boolean },
): Promise<Door> {
  const server = createServer(
    {
      ...secureContext(tls),
      // A terminal shows its certificate; a browser on a desk has none and comes in all the same.
      requestCert: true,
      rejectUnauthorized: false,
      handshakeTimeout: limits.handshakeMs,
      // Said by the application, as a problem.
      requireHostHeader: false,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      connectionsCheckingInterval: limits.lookEveryMs,
      keepAliveTimeout: limits.keepAliveMs,
      maxHeaderSize: limits.headerBytes,
    },
    listener,
  );
  server.setTimeout(limits.idleMs);
  // Where no handshake was finished there is nobody to tell: an answer would wait for it for ever.
  server.prependListener('tlsClientError', (_error, socket) => socket.destroy());
  server.on('clientError', (error, socket) => {
    if (socket.writable) socket.end(answerTo(error));
    else socket.destroy();
  });
  const outer = isBehindProxy ? behindProxy(server) : server;
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
function answerTo(error: Error): string {
  const problem = toProblem(refusalFor('code' in error ? error.code : undefined), 'none');
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

function refusalFor(code: unknown): Refusal {
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
