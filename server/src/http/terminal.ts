/** Which terminal a connection comes from: the common name of its verified client certificate, else the desk. */
import type { Request } from 'express';
import { TLSSocket } from 'node:tls';

/** Where no terminal has shown a certificate. */
const desk = 'desk';

export type Terminal = { readonly name: string; readonly certified: boolean };

/** A terminal's name becomes part of an account (`cash:<terminal>`) and of keys: no colon, and not too long. */
const isTerminalName = (name: unknown): name is string => typeof name === 'string' && /^[\w.-]{1,60}$/.test(name);

/** A certificate does not change while its connection lasts. */
const known = new WeakMap<TLSSocket, Terminal>();

export function terminalOf({ socket }: Request): Terminal {
  if (!(socket instanceof TLSSocket)) return { name: desk, certified: false };
  const seen = known.get(socket);
  if (seen !== undefined) return seen;
  const name: unknown = socket.authorized ? socket.getPeerCertificate().subject.CN : undefined;
  const terminal = isTerminalName(name) ? { name, certified: true } : { name: desk, certified: false };
  known.set(socket, terminal);
  return terminal;
}
