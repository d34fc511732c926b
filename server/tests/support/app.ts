/** The application over plain HTTP in this process, with routes of a test's own and sessions from a list: no database, no TLS. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import type { Problem } from '../../../api/src/problems.ts';
import { createLog } from '../../../ledger/src/log.ts';
import type { CustomerSession } from '../../src/access/sessions.ts';
import { createApp } from '../../src/http/app.ts';
import type { Guards, Route } from '../../src/http/pipeline.ts';
import type { Terminal } from '../../src/http/terminal.ts';
import type { StaffSession } from '../../src/staff/staff-sessions.ts';

/** A token as the server makes them: 43 characters. */
export const tokenOf = (letter: string): string => letter.repeat(43);

const desk = { pinDigest: Buffer.alloc(0), terminal: 'desk', mustChangePin: false };
export const sessions = [
  { ...desk, account: '1', token: tokenOf('a') },
  { ...desk, account: '2', token: tokenOf('b') },
  { ...desk, account: '3', token: tokenOf('c'), terminal: 't-1' },
  { ...desk, account: '4', token: tokenOf('d'), mustChangePin: true },
] as const satisfies readonly CustomerSession[];
export const staff: readonly StaffSession[] = [
  { username: 'auditor', role: 'auditor', token: tokenOf('u') },
  { username: 'operator', role: 'operator', token: tokenOf('o') },
];

const unused = (): never => {
  throw new Error('no test of the application gets here');
};

/** Guards that know the sessions above. */
export const guardsOf = (terminals: Guards['terminals'] = 'demo'): Guards => ({
  sessions: {
    find: (token) => Promise.resolve(sessions.find((one) => one.token === token)),
    isAlive: (token) => Promise.resolve(sessions.some((one) => one.token === token)),
    ...{ begin: unused, end: unused, endAll: unused, sweep: unused },
  },
  staffSessions: {
    find: (token) => Promise.resolve(staff.find((one) => one.token === token)),
    isAlive: (token) => Promise.resolve(staff.some((one) => one.token === token)),
    ...{ begin: unused, end: unused, sweep: unused },
  },
  terminals,
  // What a test says of itself.
  sourceAddress: () => '192.0.2.1',
  security: { record: () => undefined },
  staffAccess: () => undefined,
  staffCertificateOf: () => undefined,
  knownDevices: { idsIn: () => new Map() },
});

export type Response = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly body: Partial<Problem>;
};

export type Served = {
  readonly port: number;
  readonly send: (
    method: string,
    path: string,
    options?: { headers?: Record<string, string>; body?: string | Buffer; signal?: AbortSignal },
  ) => Promise<Response>;
  /** The log's lines so far. */
  readonly lines: readonly string[];
  readonly close: () => Promise<void>;
};

export async function serve(
  routes: readonly Route[],
  {
    guards = guardsOf(),
    terminalOf = () => ({ name: 'desk', status: 'unknown' }),
  }: {
    readonly guards?: Guards;
    readonly terminalOf?: () => Terminal;
  } = {},
): Promise<Served> {
  const lines: string[] = [];
  const log = createLog('server', 'info', { write: (line) => lines.push(line) });
  const app = createApp({
    ...{ routes, guards, terminalOf, log },
    bankPolicy: () => Promise.resolve(undefined),
    metrics: { observeRequest: () => undefined },
  });
  const server = createServer(app).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const dispatcher = new Agent({ connections: 100 });
  return {
    port,
    lines,
    async send(method, path, { headers = {}, body, signal } = {}) {
      const response = await request(`http://127.0.0.1:${String(port)}${path}`, {
        ...{ method: method as 'GET', dispatcher, headers, body: body ?? null, ...(signal && { signal }) },
      });
      const text = await response.body.text();
      const isJson = /\bjson\b/.test(String(response.headers['content-type']));
      return {
        ...{ status: response.statusCode, headers: response.headers, text },
        body: (isJson ? JSON.parse(text) : {}) as Partial<Problem>,
      };
    },
    async close() {
      await dispatcher.destroy();
      server.closeAllConnections();
      server.close();
    },
  };
}
