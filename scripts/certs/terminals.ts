/** The terminals' certificates: made, made anew and revoked, each terminal with a folder of its own. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTerminalName } from '../../server/src/http/terminal.ts';
import { Failure } from '../failure.ts';
import type { Pem } from './authority.ts';
import { issueTerminal, revoke } from './authority.ts';
import { toPkcs12 } from './pkcs12.ts';

const folderOf = (certsDir: string, name: string): string => join(certsDir, 'terminals', name);

function authorityOf(certsDir: string): Pem {
  try {
    return {
      cert: readFileSync(join(certsDir, 'ca.crt'), 'utf8'),
      key: readFileSync(join(certsDir, 'ca.key'), 'utf8'),
    };
  } catch {
    throw new Failure(
      `${certsDir} has no readable ca.crt and ca.key: terminals get their certificates from whoever holds the authority’s key.`,
    );
  }
}

function checkName(name: string): void {
  const isName: boolean = isTerminalName(name);
  if (!isName) {
    throw new Failure(
      `"${name}" is no name for a terminal: 1 to 60 letters, digits, ".", "_" and "-", and not "desk", as gare-du-nord-2.`,
    );
  }
}

/** One that the terminal had before stays good until it runs out or is revoked. Gives the folder; throws `Failure`. */
export async function addTerminal(certsDir: string, name: string, password: string, now: number): Promise<string> {
  checkName(name);
  const authority = authorityOf(certsDir);
  const folder = folderOf(certsDir, name);
  try {
    mkdirSync(join(folder, 'former'), { recursive: true, mode: 0o700 });
    keepFormer(folder);
    const pem = await issueTerminal(authority, name, now);
    writeFileSync(join(folder, 'terminal.key'), pem.key, { mode: 0o600 });
    writeFileSync(join(folder, 'terminal.p12'), await toPkcs12(pem, authority.cert, name, password), { mode: 0o600 });
    writeFileSync(join(folder, 'terminal.crt'), pem.cert, { mode: 0o644 });
  } catch (error) {
    throw new Failure(`${folder} cannot be written (${String(error)}): make it writable, or set CERTS_DIR.`);
  }
  return folder;
}

/** Every certificate the terminal ever had goes on the list; its key is deleted. Gives how many; throws `Failure`. */
export async function revokeTerminal(certsDir: string, name: string, now: number): Promise<number> {
  checkName(name);
  const folder = folderOf(certsDir, name);
  if (!existsSync(folder)) throw new Failure(`There is no terminal ${name} in ${certsDir}: see npm run certs.`);
  const authority = authorityOf(certsDir);
  keepFormer(folder);
  const serials = readdirSync(join(folder, 'former')).map((file) => file.replace(/\.crt$/, ''));
  const list = join(certsDir, 'ca.crl');
  const before = existsSync(list) ? readFileSync(list, 'utf8') : undefined;
  // Put in place as a whole: a server never reads half a list.
  writeFileSync(`${list}.new`, await revoke(authority, before, serials, now), { mode: 0o644 });
  renameSync(`${list}.new`, list);
  for (const file of ['terminal.key', 'terminal.p12']) rmSync(join(folder, file), { force: true });
  return serials.length;
}

function keepFormer(folder: string): void {
  const current = join(folder, 'terminal.crt');
  if (!existsSync(current)) return;
  const { serialNumber } = new X509Certificate(readFileSync(current));
  renameSync(current, join(folder, 'former', `${serialNumber}.crt`));
}

/** The terminals that have a certificate, and when it runs out. */
export function listTerminals(certsDir: string): readonly { readonly name: string; readonly notAfter: Date }[] {
  const terminals = join(certsDir, 'terminals');
  if (!existsSync(terminals)) return [];
  return readdirSync(terminals)
    .sort()
    .flatMap((name) => {
      const current = join(terminals, name, 'terminal.crt');
      return existsSync(current) ? [{ name, notAfter: new X509Certificate(readFileSync(current)).validToDate }] : [];
    });
}
