/** The terminals' and the staff's certificates: made, made anew and revoked, each of them with a folder of its own. */
import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTerminalName, staffUnit, terminalUnit } from '../../../server/src/http/terminal.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Pem } from './authority.ts';
import type { Folders } from './ensure.ts';
import { issueClient, revoke } from './authority.ts';
import { toPkcs12 } from './pkcs12.ts';

/** Whom a certificate is for: the unit in its subject, and how its files are named. */
export type ClientUnit = typeof terminalUnit | typeof staffUnit;

const folders = { [terminalUnit]: 'terminals', [staffUnit]: 'staff' } as const;
const folderOf = (caDir: string, unit: ClientUnit, name: string): string => join(caDir, folders[unit], name);

function authorityOf(caDir: string): Pem {
  try {
    return {
      cert: readFileSync(join(caDir, 'ca.crt'), 'utf8'),
      key: readFileSync(join(caDir, 'ca.key'), 'utf8'),
    };
  } catch {
    throw new Failure(
      `${caDir} has no readable ca.crt and ca.key: certificates come from whoever holds the authority’s key (CA_DIR).`,
    );
  }
}

function checkName(unit: ClientUnit, name: string): void {
  const isName: boolean = isTerminalName(name);
  if (!isName) {
    throw new Failure(
      `"${name}" is no name for ${unit === terminalUnit ? 'a terminal' : 'one of the staff'}: 1 to 60 letters, digits, ".", "_" and "-", and not "desk", as gare-du-nord-2.`,
    );
  }
}

/** One that they had before stays good until it runs out or is revoked. Gives the folder; throws `Failure`. */
export async function addTerminal(
  caDir: string,
  name: string,
  password: string,
  now: number,
  unit: ClientUnit = terminalUnit,
): Promise<string> {
  checkName(unit, name);
  const authority = authorityOf(caDir);
  const folder = folderOf(caDir, unit, name);
  try {
    mkdirSync(join(folder, 'former'), { recursive: true, mode: 0o700 });
    setFormerAside(folder, unit);
    const pem = await issueClient(authority, name, unit, now);
    writeFileSync(join(folder, `${unit}.key`), pem.key, { mode: 0o600 });
    writeFileSync(join(folder, `${unit}.p12`), await toPkcs12(pem, authority.cert, name, password), { mode: 0o600 });
    writeFileSync(join(folder, `${unit}.crt`), pem.cert, { mode: 0o644 });
  } catch (error) {
    throw new Failure(`${folder} cannot be written (${String(error)}): make it writable, or set CA_DIR.`);
  }
  return folder;
}

/** Every certificate they ever had goes on the list; its key is deleted. Gives how many; throws `Failure`. */
export async function revokeTerminal(
  { certsDir, caDir }: Folders,
  name: string,
  now: number,
  unit: ClientUnit = terminalUnit,
): Promise<number> {
  checkName(unit, name);
  const folder = folderOf(caDir, unit, name);
  if (!existsSync(folder)) throw new Failure(`There is no ${unit} ${name} in ${caDir}: see npm run certs.`);
  const authority = authorityOf(caDir);
  setFormerAside(folder, unit);
  const serials = readdirSync(join(folder, 'former')).map((file) => file.replace(/\.crt$/, ''));
  const lists = [...new Set([caDir, certsDir])].map((folder) => join(folder, 'ca.crl'));
  const before = lists.filter((list) => existsSync(list)).map((list) => readFileSync(list, 'utf8'));
  const after = await revoke(authority, before, serials, now);
  for (const list of lists) {
    // Put in place as a whole: a server never reads half a list.
    writeFileSync(`${list}.new`, after, { mode: 0o644 });
    renameSync(`${list}.new`, list);
  }
  for (const file of [`${unit}.key`, `${unit}.p12`]) rmSync(join(folder, file), { force: true });
  return serials.length;
}

function setFormerAside(folder: string, unit: ClientUnit): void {
  const current = join(folder, `${unit}.crt`);
  if (!existsSync(current)) return;
  const { serialNumber } = new X509Certificate(readFileSync(current));
  renameSync(current, join(folder, 'former', `${serialNumber}.crt`));
}

/** The terminals, or the staff, that have a certificate, and when it runs out. */
export function listTerminals(
  caDir: string,
  unit: ClientUnit = terminalUnit,
): readonly { readonly name: string; readonly notAfter: Date }[] {
  const terminals = join(caDir, folders[unit]);
  if (!existsSync(terminals)) return [];
  return readdirSync(terminals)
    .sort()
    .flatMap((name) => {
      const current = join(terminals, name, `${unit}.crt`);
      return existsSync(current) ? [{ name, notAfter: new X509Certificate(readFileSync(current)).validToDate }] : [];
    });
}
