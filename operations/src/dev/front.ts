/** The one address of a bank under development: both screens from their sources, with hot reload; everything else from the bank's server. */
import { existsSync, readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Server } from 'node:https';
import { Agent, createServer, request } from 'node:https';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ViteDevServer } from 'vite';
import { createServer as createVite } from 'vite';
import { toProblem } from '../../../api/src/problems.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Each screen's address and folder. */
const screens = [
  { address: '/atm', folder: 'atm-ui' },
  { address: '/admin', folder: 'admin-ui' },
] as const;

/** What a screen may be made of: not all of the project's folder, which also holds keys and data. */
const sources = ['atm-ui', 'admin-ui', 'api/src', 'ledger/src', 'node_modules'];

export type FrontOptions = {
  readonly host: string;
  readonly port: number;
  readonly certsDir: string;
  /** Where the bank's server listens on 127.0.0.1. */
  readonly serverPort: number;
};

/** Gives what closes it. */
export async function openFront({ host, port, certsDir, serverPort }: FrontOptions): Promise<() => Promise<void>> {
  const read = (name: string): Buffer => readFileSync(join(certsDir, name));
  const front = createServer({ cert: read('server.crt'), key: read('server.key') });
  const vites = new Map<string, ViteDevServer>();
  for (const { address, folder } of screens) vites.set(address, await openVite(folder, front));
  const pass = passTo({ port: serverPort, ca: read('ca.crt') });

  front.on('request', (incoming: IncomingMessage, response: ServerResponse) => {
    const [path = '/'] = (incoming.url ?? '/').split('?');
    const screen = screens.find(({ address }) => path === address || path.startsWith(`${address}/`));
    if (screen === undefined) pass(incoming, response);
    else if (path === screen.address) response.writeHead(308, { Location: `${screen.address}/` }).end();
    else vites.get(screen.address)?.middlewares(incoming, response);
  });
  await new Promise<void>((resolve, reject) => {
    front.once('error', reject);
    front.listen({ host, port }, resolve);
  });
  return async () => {
    const closed = new Promise((resolve) => front.close(resolve));
    for (const vite of vites.values()) await vite.close();
    front.closeAllConnections();
    await closed;
  };
}

/** The socket of the hot reload goes through the front's own port. */
const openVite = (folder: string, front: Server): Promise<ViteDevServer> =>
  createVite({
    configFile: join(root, folder, 'vite.config.ts'),
    // One for each: what is prepared for one screen is not what the other needs.
    cacheDir: join(root, 'node_modules/.vite', folder),
    appType: 'spa',
    clearScreen: false,
    logLevel: 'warn',
    server: {
      middlewareMode: true,
      hmr: { server: front },
      fs: { allow: sources.map((source) => join(root, source)).filter((path) => existsSync(path)) },
    },
  });

/** Passes a request on as it is. While the server starts again the caller is told so. */
function passTo({
  port,
  ca,
}: {
  readonly port: number;
  readonly ca: Buffer;
}): (incoming: IncomingMessage, response: ServerResponse) => void {
  const agent = new Agent({ keepAlive: true, ca, servername: 'localhost' });
  return (incoming, response) => {
    const { method, url, headers } = incoming;
    const onward = request({ agent, host: '127.0.0.1', port, method, path: url, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => {
      if (response.headersSent) response.destroy();
      else unavailable(response);
    });
    response.on('close', () => onward.destroy());
    incoming.pipe(onward);
  };
}

function unavailable(response: ServerResponse): void {
  const problem = {
    ...toProblem({ code: 'unavailable', retryAfterSeconds: 1 }, 'none'),
    detail: 'The server starts, or cannot: the terminal of npm run dev and npm run logs say why.',
  };
  response.writeHead(problem.status, { 'Content-Type': 'application/problem+json', 'Retry-After': '1' });
  response.end(JSON.stringify(problem));
}
