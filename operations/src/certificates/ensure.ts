/** Sees to it that the folder of certificates holds an authority and a server certificate that can be used. */
import { X509Certificate, createPrivateKey } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Failure, isCode } from '../../../ledger/src/failure.ts';
import type { Pem, Subject } from './authority.ts';
import { issueServer, makeAuthority } from './authority.ts';

/** Renewed when fewer days than these are left. */
const renewalDays = 30;
const dayMs = 86_400_000;

export type Certificates = { readonly ca: string; readonly made: readonly string[] };

/** What the authority signs: the files' name and whom the certificate speaks for. */
type Wanted = { readonly file: 'server' | 'event-log'; readonly subject: Subject };

/** Of the bank's own servers, with names of the owner's beside those of this machine. */
const server = (names: readonly string[]): Wanted => ({
  file: 'server',
  subject: { commonName: 'localhost', names: [...new Set(['localhost', hostname(), '127.0.0.1', '::1', ...names])] },
});

/** Of the event log's nodes as compose names them; the common name is the one EventStoreDB expects of a node. */
export const eventLogNodes: Wanted = {
  file: 'event-log',
  subject: {
    commonName: 'eventstoredb-node',
    names: ['event-log', 'event-log-1', 'event-log-2', 'event-log-3', 'localhost', '127.0.0.1'],
    isNode: true,
  },
};

/**
 * Makes what is missing, renews what runs out (if the authority is the bank's own), and leaves certificates that were
 * brought alone. `now` in milliseconds; `caDir`: where the authority's key is; `names`: more names of the server; `renew`:
 * also what is still good. Throws `Failure`.
 */
export async function ensureCertificates(
  certsDir: string,
  now: number,
  {
    caDir = certsDir,
    names = [],
    also = [],
    renew = false,
  }: {
    readonly caDir?: string;
    readonly names?: readonly string[];
    readonly also?: readonly Wanted[];
    readonly renew?: boolean;
  } = {},
): Promise<Certificates> {
  const ca = join(certsDir, 'ca.crt');
  const made: string[] = [];
  checkAuthority({ certsDir, caDir });
  if (!existsSync(ca) && !existsSync(join(caDir, 'ca.crt'))) {
    write(caDir, 'ca', await makeAuthority(now), 'CA_DIR');
    made.push('ca.crt');
  }
  for (const name of ['ca.crt', 'ca.crl'] as const) {
    // A list that is there may be the longer one: only a revocation writes it.
    if (!existsSync(join(certsDir, name))) publish(name, { certsDir, caDir });
  }
  for (const wanted of [server(names), ...also]) {
    const crt = join(certsDir, `${wanted.file}.crt`);
    const found = existsSync(crt) ? check(certsDir, wanted, now) : 'missing';
    const state = renew && found === 'good' ? 'to be renewed' : found;
    const canIssue = existsSync(join(caDir, 'ca.key'));
    if (state === 'good') continue;
    // One that somebody brought is used for as long as it is valid; health and metrics say when it ends.
    if (!canIssue && (state === 'expiring' || state === 'without a name of CERT_NAMES')) continue;
    if (!canIssue) {
      throw new Failure(
        `The certificate ${crt} is ${state}, and without ca.key it cannot be renewed here: bring a new one.`,
      );
    }
    write(certsDir, wanted.file, await issueServer(readPair(caDir, 'ca'), wanted.subject, now));
    made.push(`${wanted.file}.crt`);
  }
  return { ca, made };
}

/** The servers' folder and the authority's: the same one, unless the authority's key is to be elsewhere than on their host. */
export type Folders = { readonly certsDir: string; readonly caDir: string };

/** Throws a `Failure` where the two folders do not go together. */
function checkAuthority({ certsDir, caDir }: Folders): void {
  const ca = join(certsDir, 'ca.crt');
  if (!existsSync(ca) && existsSync(join(certsDir, 'server.crt'))) {
    throw new Failure(
      `${certsDir} has server.crt but no ca.crt: put the authority's certificate there too, or empty the folder.`,
    );
  }
  if (caDir === certsDir) return;
  if (existsSync(join(certsDir, 'ca.key'))) {
    throw new Failure(
      `${certsDir} has the authority's key although CA_DIR is ${caDir}: move ca.key, terminals and staff there, with copies of ca.crt and ca.crl.`,
    );
  }
  const own = join(caDir, 'ca.crt');
  if (existsSync(ca) && existsSync(own) && read(ca) !== read(own)) {
    throw new Failure(`${ca} and ${own} are of two authorities: bring the folders that belong together.`);
  }
}

/** Gives the servers what they need of the authority: its certificate and its revocation list, never its key. */
function publish(name: 'ca.crt' | 'ca.crl', { certsDir, caDir }: Folders): void {
  const from = join(caDir, name);
  if (caDir === certsDir || !existsSync(from)) return;
  mkdirSync(certsDir, { recursive: true });
  writeFileSync(join(certsDir, name), read(from), { mode: 0o644 });
}

/** Until when the authority and the server's certificate are valid. */
export const readExpiries = (certsDir: string): readonly { readonly name: string; readonly notAfter: Date }[] =>
  ['ca.crt', 'server.crt'].map((name) => ({
    name,
    notAfter: new X509Certificate(read(join(certsDir, name))).validToDate,
  }));

/** Whether a certificate can be used at all (else a `Failure`), for how much longer, and for every name. */
function check(
  certsDir: string,
  { file, subject }: Wanted,
  now: number,
): 'good' | 'expiring' | 'expired' | 'without a name of CERT_NAMES' {
  const { cert, key } = readPair(certsDir, file);
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
      `The key ${join(certsDir, `${file}.key`)} is not readable as PEM: replace it, or empty the folder.`,
    );
  }
  if (!matches) throw new Failure(`In ${certsDir}, ${file}.key is not the key of ${file}.crt: bring the two together.`);
  if (!certificate.checkIssued(authority)) {
    throw new Failure(
      `In ${certsDir}, ${file}.crt was not issued by ca.crt: bring the two together, or empty the folder.`,
    );
  }
  const daysLeft = (certificate.validToDate.getTime() - now) / dayMs;
  if (daysLeft <= 0) return 'expired';
  if (daysLeft < renewalDays) return 'expiring';
  const speaksFor = (name: string): boolean =>
    (isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name)) !== undefined;
  return subject.names.every(speaksFor) ? 'good' : 'without a name of CERT_NAMES';
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

function write(folder: string, name: string, pem: Pem, setting = 'CERTS_DIR'): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${name}.key`), pem.key, { mode: 0o600 });
    writeFileSync(join(folder, `${name}.crt`), pem.cert, { mode: 0o644 });
  } catch {
    throw new Failure(`Certificates cannot be written to ${folder}: make it writable, or set ${setting}.`);
  }
}
