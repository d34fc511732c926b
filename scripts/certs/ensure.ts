/** Sees to it that the folder of certificates holds an authority and a server certificate that can be used. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Failure, isCode } from '../failure.ts';
import type { Pem } from './authority.ts';
import { issueServer, makeAuthority } from './authority.ts';

/** Renewed when fewer days than these are left. */
const renewalDays = 30;
const dayMs = 86_400_000;

export type Certificates = { readonly ca: string; readonly made: readonly string[] };

/**
 * Makes what is missing, renews the server's certificate when it runs out (if the authority is the bank's own), and
 * leaves certificates that were brought alone. `now` in milliseconds. Throws `Failure`.
 */
export async function ensureCertificates(certsDir: string, now: number): Promise<Certificates> {
  const ca = join(certsDir, 'ca.crt');
  const made: string[] = [];
  const authorityExists = existsSync(ca);
  if (!authorityExists && existsSync(join(certsDir, 'server.crt'))) {
    throw new Failure(
      `${certsDir} has server.crt but no ca.crt: put the authority's certificate there too, or empty the folder.`,
    );
  }
  if (!authorityExists) {
    write(certsDir, 'ca', await makeAuthority(now));
    made.push('ca.crt');
  }
  const server = existsSync(join(certsDir, 'server.crt')) ? check(certsDir, now) : 'missing';
  if (server !== 'good') {
    if (!existsSync(join(certsDir, 'ca.key'))) {
      throw new Failure(
        `The certificate ${join(certsDir, 'server.crt')} is ${server}, and without ca.key it cannot be renewed here: bring a new one.`,
      );
    }
    const names = ['localhost', hostname(), '127.0.0.1', '::1'];
    write(certsDir, 'server', await issueServer(readPair(certsDir, 'ca'), [...new Set(names)], now));
    made.push('server.crt');
  }
  return { ca, made };
}

/** Whether the server's certificate can be used at all (else a `Failure`) and for how much longer. */
function check(certsDir: string, now: number): 'good' | 'expiring' {
  const { cert, key } = readPair(certsDir, 'server');
  let certificate: X509Certificate;
  let authority: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
    authority = new X509Certificate(read(join(certsDir, 'ca.crt')));
  } catch {
    throw new Failure(`A certificate in ${certsDir} is not readable as PEM: replace it, or empty the folder.`);
  }
  let matches: boolean;
  try {
    matches = certificate.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new Failure(
      `The key ${join(certsDir, 'server.key')} is not readable as PEM: replace it, or empty the folder.`,
    );
  }
  if (!matches) throw new Failure(`In ${certsDir}, server.key is not the key of server.crt: bring the two together.`);
  if (!certificate.checkIssued(authority)) {
    throw new Failure(
      `In ${certsDir}, server.crt was not issued by ca.crt: bring the two together, or empty the folder.`,
    );
  }
  const daysLeft = (certificate.validToDate.getTime() - now) / dayMs;
  return daysLeft < renewalDays ? 'expiring' : 'good';
}

function readPair(certsDir: string, name: string): Pem {
  return { cert: read(join(certsDir, `${name}.crt`)), key: read(join(certsDir, `${name}.key`)) };
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const why = isCode(error, 'ENOENT') ? 'is missing' : 'cannot be read by this account';
    throw new Failure(`${path} ${why}: make it readable, or empty the folder to have new certificates made.`);
  }
}

function write(certsDir: string, name: string, pem: Pem): void {
  try {
    mkdirSync(certsDir, { recursive: true });
    writeFileSync(join(certsDir, `${name}.key`), pem.key, { mode: 0o600 });
    writeFileSync(join(certsDir, `${name}.crt`), pem.cert, { mode: 0o644 });
  } catch {
    throw new Failure(`Certificates cannot be written to ${certsDir}: make it writable, or set CERTS_DIR.`);
  }
}
