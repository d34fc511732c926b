/** The certificates the server works with: read at the start, and again whenever their files change, so that nothing needs a restart. */
import 'reflect-metadata';
import { X509Certificate, X509Crl } from '@peculiar/x509';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { z } from 'zod/mini';
import type { readiness } from '../../api/src/calls/system.ts';
import type { TlsFiles } from './http/listener.ts';

const dayMs = 86_400_000;
/** Time enough to renew: the server's is made anew in a second, a new authority has to reach everybody. */
const warnDays = { server: 30, authority: 180 } as const;

type Warnings = z.output<typeof readiness>['warnings'];

type Held = {
  readonly tls: TlsFiles;
  /** Of terminals that are no longer let in: hexadecimal, as `serialOf` has them. Undefined: there is no list. */
  readonly revoked: ReadonlySet<string> | undefined;
  readonly notAfterMs: { readonly server: number; readonly authority: number };
};

export type Certificates = {
  readonly tls: TlsFiles;
  readonly isRevoked: (serial: string) => boolean;
  /** When the certificates run out: milliseconds since 1970. */
  readonly notAfterMs: Held['notAfterMs'];
  /** What somebody should see to soon. */
  warnings(nowMs: number): Warnings;
  /** Looks for files that changed, and reads them; those that cannot be used change nothing, and are warned of. */
  refresh(onRenewed: (tls: TlsFiles) => void): Promise<void>;
};

const names = ['ca.crt', 'server.crt', 'server.key', 'ca.crl'] as const;

/** Throws an `Error` with one clear sentence when they cannot be used. */
export async function readCertificates(certsDir: string): Promise<Certificates> {
  let print = await fingerprint(certsDir);
  let held = await read(certsDir);
  let trouble: Warnings[number] | undefined;

  return {
    get tls() {
      return held.tls;
    },
    get notAfterMs() {
      return held.notAfterMs;
    },
    isRevoked: (serial) => held.revoked?.has(serialOf(serial)) === true,
    warnings(nowMs) {
      const days = (which: 'server' | 'authority'): number => Math.floor((held.notAfterMs[which] - nowMs) / dayMs);
      const expiring = (['server', 'authority'] as const)
        .filter((which) => days(which) < warnDays[which])
        .map((which) => ({
          code: 'certificate_expires' as const,
          detail: `The ${which}’s certificate runs out in ${String(days(which))} days: npm run certs -- renew.`,
        }));
      return trouble === undefined ? expiring : [...expiring, trouble];
    },
    async refresh(onRenewed) {
      const now = await fingerprint(certsDir);
      if (now === print) return;
      print = now;
      try {
        const next = await read(certsDir);
        // Whoever takes the list away does not let anybody in again.
        const isListGone = held.revoked !== undefined && next.revoked === undefined;
        trouble = isListGone
          ? { code: 'revocation_list_missing', detail: `The revocation list is gone from ${certsDir}: bring it back.` }
          : undefined;
        const isRenewed = Object.values(next.tls).join() !== Object.values(held.tls).join();
        held = isListGone ? { ...next, revoked: held.revoked } : next;
        if (isRenewed) onRenewed(held.tls);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        trouble = { code: 'certificates_unusable', detail: `${reason} Those read before stay in use.` };
      }
    },
  };
}

/** Changes whenever one of the files does. */
async function fingerprint(certsDir: string): Promise<string> {
  const prints = names.map(async (name) => {
    const found = await stat(join(certsDir, name)).catch(() => undefined);
    return `${name} ${found === undefined ? 'none' : `${String(found.mtimeMs)} ${String(found.size)} ${String(found.ino)}`}`;
  });
  return (await Promise.all(prints)).join();
}

async function read(certsDir: string): Promise<Held> {
  const file = async (name: string): Promise<string> =>
    readFile(join(certsDir, name), 'utf8').catch(() => {
      throw new Error(`The certificate file ${join(certsDir, name)} cannot be read.`);
    });
  const tls = { ca: await file('ca.crt'), cert: await file('server.crt'), key: await file('server.key') };
  const hasList = (await stat(join(certsDir, 'ca.crl')).catch(() => undefined)) !== undefined;
  try {
    // Throws where certificate and key do not belong together.
    createSecureContext(tls);
    const authority = new X509Certificate(tls.ca);
    const server = new X509Certificate(tls.cert);
    const notAfterMs = { server: server.notAfter.getTime(), authority: authority.notAfter.getTime() };
    return { tls, notAfterMs, revoked: hasList ? await revokedIn(await file('ca.crl'), authority) : undefined };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The certificates in ${certsDir} cannot be used (${reason}).`, { cause: error });
  }
}

async function revokedIn(pem: string, authority: X509Certificate): Promise<ReadonlySet<string>> {
  const list = new X509Crl(pem);
  if (!(await list.verify({ publicKey: authority }))) throw new Error('ca.crl was not signed by ca.crt');
  return new Set(list.entries.map(({ serialNumber }) => serialOf(serialNumber)));
}

/** The same number is written in different ways. */
const serialOf = (hexadecimal: string): string => hexadecimal.toLowerCase().replace(/^0+/, '');
