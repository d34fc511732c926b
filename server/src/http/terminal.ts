/** Which terminal a connection comes from: the name in its verified client certificate, else the desk. */
import type { Request } from 'express';
import { TLSSocket } from 'node:tls';

/** The organisational unit in a terminal's certificate: no other certificate of the same authority makes a terminal. */
export const terminalUnit = 'terminal';

/** Where no terminal has shown a certificate. */
const desk = { name: 'desk', standing: 'unknown' } as const;

export type Terminal = { readonly name: string; readonly standing: 'certified' | 'revoked' | 'unknown' };

/** A terminal's name becomes part of an account (`cash:<terminal>`) and of keys: no colon, and not too long. */
export const isTerminalName = (name: unknown): name is string =>
  typeof name === 'string' && name !== desk.name && /^[\w.-]{1,60}$/.test(name);

type Certificate = { readonly name: string; readonly serial: string; readonly notAfterMs: number };

/** A certificate does not change while its connection lasts; whether it is still good may. */
const shown = new WeakMap<TLSSocket, Certificate | 'none'>();

export type TerminalOf = (request: Request) => Terminal;

export const terminals =
  (isRevoked: (serial: string) => boolean): TerminalOf =>
  ({ socket }) => {
    if (!(socket instanceof TLSSocket)) return desk;
    const certificate = shown.get(socket) ?? readCertificate(socket);
    shown.set(socket, certificate);
    if (certificate === 'none' || certificate.notAfterMs < Date.now()) return desk;
    const { name, serial } = certificate;
    return { name, standing: isRevoked(serial) ? 'revoked' : 'certified' };
  };

function readCertificate(socket: TLSSocket): Certificate | 'none' {
  if (!socket.authorized) return 'none';
  const { subject, serialNumber, valid_to: notAfter } = socket.getPeerCertificate();
  const { CN: name, OU: unit } = subject as { readonly CN?: unknown; readonly OU?: unknown };
  if (unit !== terminalUnit || !isTerminalName(name)) return 'none';
  return { name, serial: serialNumber, notAfterMs: Date.parse(notAfter) };
}
