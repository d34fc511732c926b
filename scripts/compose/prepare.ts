/** Compose's first step, as root: certificates and passwords, made once, each put where only its reader finds it. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { ensureCertificates, eventLogNodes } from '../certs/ensure.ts';
import { endWith, Failure } from '../failure.ts';
import { ConfigError, readConfig } from '../../server/src/config.ts';

/** As mounted by docker-compose.yml; the owners are the accounts that the images' programs run under. */
const places = {
  certs: '/certs',
  bank: { path: '/secrets/bank', owner: 1000 },
  eventLog: { path: '/secrets/event-log', owner: 1000 },
  postgres: { path: '/secrets/postgres', owner: 0 },
  gate: { path: '/secrets/gate', owner: 0 },
};

/** Made once and kept: a password of 192 random bits. */
function password(folder: string, name: string, owner: number): string {
  const path = join(folder, name);
  if (!existsSync(path)) writeFileSync(path, randomBytes(24).toString('base64url'), { mode: 0o400 });
  chownSync(path, owner, owner);
  return readFileSync(path, 'utf8');
}

function put({ path, owner }: { readonly path: string; readonly owner: number }, name: string, from: string): void {
  const to = join(path, name);
  copyFileSync(join(places.certs, from), to);
  chownSync(to, owner, owner);
  chmodSync(to, name.endsWith('.crt') ? 0o444 : 0o400);
}

function write({ path, owner }: { readonly path: string; readonly owner: number }, name: string, text: string): void {
  const to = join(path, name);
  writeFileSync(to, text, { mode: 0o400 });
  chownSync(to, owner, owner);
}

async function prepare(): Promise<void> {
  const { certNames } = readConfig(process.env);
  const { made } = await ensureCertificates(places.certs, Date.now(), { names: certNames, also: [eventLogNodes] });
  // On the host they belong to whoever owns the folder, not to root.
  const { uid, gid } = statSync(places.certs);
  for (const file of made.flatMap((name) => [name, name.replace(/crt$/, 'key')])) {
    chownSync(join(places.certs, file), uid, gid);
  }

  const { bank, eventLog, postgres, gate } = places;
  for (const folder of [join(bank.path, 'certs'), join(eventLog.path, 'trusted')])
    mkdirSync(folder, { recursive: true });
  for (const name of ['ca.crt', 'server.crt', 'server.key']) put(bank, join('certs', name), name);
  if (existsSync(join(places.certs, 'ca.crl'))) put(bank, join('certs', 'ca.crl'), 'ca.crl');
  put(eventLog, 'node.crt', 'event-log.crt');
  put(eventLog, 'node.key', 'event-log.key');
  put(eventLog, join('trusted', 'ca.crt'), 'ca.crt');
  put(gate, 'ca.crt', 'ca.crt');

  password(eventLog.path, 'admin-password', eventLog.owner);
  // The bank reads and appends; it administers nothing.
  const forBank = password(eventLog.path, 'ops-password', eventLog.owner);
  const forDatabase = password(postgres.path, 'password', postgres.owner);
  write(bank, 'database-url', `postgres://grandlivre:${forDatabase}@postgres:5432/grandlivre`);
  const logAt = (hosts: string): string =>
    `kurrentdb://ops:${forBank}@${hosts}?tls=true&tlsCaFile=${join(bank.path, 'certs', 'ca.crt')}`;
  write(bank, 'event-log-url.single', logAt('event-log:2113'));
  write(bank, 'event-log-url.cluster', logAt('event-log-1:2113,event-log-2:2113,event-log-3:2113'));
  // The journal in PostgreSQL.
  write(bank, 'event-log-url.postgres', '');
  console.log(made.length === 0 ? 'Certificates and passwords are there.' : `Made in certs/: ${made.join(', ')}.`);
}

prepare().catch((error: unknown) => endWith(error instanceof ConfigError ? new Failure(error.message) : error));
