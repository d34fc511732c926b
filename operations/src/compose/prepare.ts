/** Compose's certificates and passwords: made once, each put where only its reader finds it. */
import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { VerifierKey } from '../../../ledger/src/transparency/note.ts';
import { vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { ensureCertificates, eventLogNodes } from '../certificates/ensure.ts';
import { prepareWitness } from './prepare-witness.ts';

/** A volume's folder as docker-compose.yml mounts it, and the account that the program which reads it runs under. */
type Volume = { readonly path: string; readonly owner: number };

const certsDir = '/certs';
export const signerStateDir = '/signer';
const bank: Volume = { path: '/secrets/bank', owner: 1000 };
/** Whoever migrates: servers and projectors do not see the owner's password. */
const owner: Volume = { path: '/secrets/owner', owner: 1000 };
/** `stores` writes into it how the signer connects. */
const signer: Volume = { path: '/secrets/signer', owner: 1000 };
const eventLog: Volume = { path: '/secrets/event-log', owner: 1000 };
const postgres: Volume = { path: '/secrets/postgres', owner: 0 };
const balancer: Volume = { path: '/secrets/balancer', owner: 0 };

/** Made once and then read: a password of 192 random bits. */
function password({ path, owner }: Volume, name: string): string {
  const file = join(path, name);
  if (!existsSync(file)) writeFileSync(file, randomBytes(24).toString('base64url'), { mode: 0o400 });
  chownSync(file, owner, owner);
  return readFileSync(file, 'utf8');
}

function put({ path, owner }: Volume, name: string, certificate: string): void {
  const file = join(path, name);
  copyFileSync(join(certsDir, certificate), file);
  chownSync(file, owner, owner);
  chmodSync(file, name.endsWith('.crt') ? 0o444 : 0o400);
}

function write({ path, owner }: Volume, name: string, text: string): void {
  const file = join(path, name);
  writeFileSync(file, text, { mode: 0o400 });
  chownSync(file, owner, owner);
}

/** `log`: the transparency log's key, made in the signer's folder. Needs root. Gives the certificates that were made. Throws a `Failure`. */
export async function prepare(certNames: readonly string[], log: VerifierKey): Promise<readonly string[]> {
  const { made } = await ensureCertificates(certsDir, Date.now(), { names: certNames, also: [eventLogNodes] });
  // On the host they belong to whoever owns the folder, not to root.
  const { uid, gid } = statSync(certsDir);
  for (const file of made.flatMap((name) => [name, name.replace(/crt$/, 'key')])) {
    chownSync(join(certsDir, file), uid, gid);
  }

  for (const folder of [join(bank.path, 'certs'), join(eventLog.path, 'trusted')]) {
    mkdirSync(folder, { recursive: true });
  }
  for (const name of ['ca.crt', 'server.crt', 'server.key']) put(bank, join('certs', name), name);
  if (existsSync(join(certsDir, 'ca.crl'))) put(bank, join('certs', 'ca.crl'), 'ca.crl');
  put(eventLog, 'node.crt', 'event-log.crt');
  put(eventLog, 'node.key', 'event-log.key');
  put(eventLog, join('trusted', 'ca.crt'), 'ca.crt');
  put(balancer, 'ca.crt', 'ca.crt');

  chownSync(signer.path, signer.owner, signer.owner);
  const policy = await prepareWitness({ log, signerDir: signerStateDir, witnessDir: '/witness', owner: signer.owner });
  // What a verification is to find, from outside the database.
  write(bank, 'log-policy', policy);
  write(bank, 'log-vkey', vkeyOf(log));
  password(eventLog, 'admin-password');
  // The bank reads and appends; it administers nothing.
  const forBank = password(eventLog, 'ops-password');
  const forDatabase = password(postgres, 'password');
  rmSync(join(bank.path, 'database-url'), { force: true });
  write(owner, 'database-url', `postgres://grandlivre:${forDatabase}@postgres:5432/grandlivre`);
  const logAt = (hosts: string): string =>
    `kurrentdb://ops:${forBank}@${hosts}?tls=true&tlsCaFile=${join(bank.path, 'certs', 'ca.crt')}`;
  write(bank, 'event-log-url.single', logAt('event-log:2113'));
  write(bank, 'event-log-url.cluster', logAt('event-log-1:2113,event-log-2:2113,event-log-3:2113'));
  // The journal in PostgreSQL.
  write(bank, 'event-log-url.postgres', '');
  return made;
}
