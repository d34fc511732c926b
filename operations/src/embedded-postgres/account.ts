/** Whom the database server runs as: PostgreSQL does not run as root, and root's folders may be closed to others. */
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';

export type Account = { readonly uid: number; readonly gid: number };

/** Where root stores what an unprivileged account has to reach when the bank's own folder is closed to it. */
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
    'PostgreSQL may not run as root, and there is no account "nobody" here: start as an ordinary user, or set DATABASE_URL.',
  );
}

/** Whether every folder on the way to `path`, and `path` itself, lets the account through. */
export function isOpen(path: string, account: Account | undefined): boolean {
  if (account === undefined) return true;
  for (let folder = resolve(path); folder !== dirname(folder); folder = dirname(folder)) {
    if (existsSync(folder) && (statSync(folder).mode & 0o001) === 0) return false;
  }
  return true;
}

/** The folder for what the account has to reach: the state folder, or for root one made under /var/lib. */
export function homeFor(stateDir: string, account: Account | undefined): string {
  if (isOpen(stateDir, account)) return resolve(stateDir);
  // One for each state folder: two banks of one machine stay apart.
  const home = join(openFolder, createHash('sha256').update(resolve(stateDir)).digest('hex').slice(0, 12));
  try {
    for (const folder of [openFolder, home]) {
      mkdirSync(folder, { recursive: true });
      chmodSync(folder, 0o755);
    }
  } catch {
    throw new Failure(
      `PostgreSQL may not run as root, other accounts may not enter ${stateDir}, and ${home} cannot be made: set STATE_DIR to a folder that others may enter.`,
    );
  }
  return home;
}
