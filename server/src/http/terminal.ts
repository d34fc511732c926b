/** Whom a connection's verified client certificate names: a terminal (else it is the desk), or one of the staff. */
import type { Request } from 'express';
import { TLSSocket } from 'node:tls';

/** The organisational unit in a terminal's certificate: no other certificate of the same authority makes a terminal. */
export const terminalUnit = 'terminal';
/** The same for a certificate of the bank's staff. */
export const staffUnit = 'staff';

/** Where no terminal has shown a certificate. */
const desk = { name: 'desk', status: 'unknown' } as const;

export type Terminal = { readonly name: string; readonly status: 'certified' | 'revoked' | 'unknown' };

/** A terminal's name becomes part of an account (`cash:<terminal>`) and of keys: no colon, and not too long. */
export const isTerminalName = (name: unknown): name is string =>
  typeof name === 'string' && name !== desk.name && /^[\w.-]{1,60}$/.test(name);

type Certificate = {
  readonly name: string;
  readonly unit: typeof terminalUnit | typeof staffUnit;
  readonly serial: string;
  readonly notAfterMs: number;
};

export type TerminalOf = (request: Request) => Terminal;
/** The name in a certificate of the staff's that is not revoked. */
export type StaffCertificateOf = (request: Request) => string | undefined;

export function certificateReader(isRevoked: (serial: string) => boolean): {
  readonly terminalOf: TerminalOf;
  readonly staffCertificateOf: StaffCertificateOf;
} {
  /** A certificate does not change while its connection lasts; whether it is still good may. */
  const shown = new WeakMap<TLSSocket, Certificate | 'none'>();
  function certificateOf({ socket }: Request, unit: Certificate['unit']): Certificate | undefined {
    if (!(socket instanceof TLSSocket)) return undefined;
    const certificate = shown.get(socket) ?? readCertificate(socket);
    shown.set(socket, certificate);
    const isGood = certificate !== 'none' && certificate.unit === unit && certificate.notAfterMs >= Date.now();
    return isGood ? certificate : undefined;
  }
  return {
    terminalOf(request) {
      const certificate = certificateOf(request, terminalUnit);
      if (certificate === undefined) return desk;
      return { name: certificate.name, status: isRevoked(certificate.serial) ? 'revoked' : 'certified' };
    },
    staffCertificateOf(request) {
      const certificate = certificateOf(request, staffUnit);
      return certificate === undefined || isRevoked(certificate.serial) ? undefined : certificate.name;
    },
  };
}

function readCertificate(socket: TLSSocket): Certificate | 'none' {
  if (!socket.authorized) return 'none';
  const { subject, serialNumber, valid_to: notAfter } = socket.getPeerCertificate();
  const { CN: name, OU: unit } = subject as { readonly CN?: unknown; readonly OU?: unknown };
  if ((unit !== terminalUnit && unit !== staffUnit) || !isTerminalName(name)) return 'none';
  return { name, unit, serial: serialNumber, notAfterMs: Date.parse(notAfter) };
}
