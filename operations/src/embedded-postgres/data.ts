/** The database server's data: its folder, made whole at the first start, and the password in it. */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Account } from './account.ts';

export type Data = {
  readonly dataDir: string;
  readonly password: string;
  /** Whom the server has to run as: the one the data belongs to. Undefined: the caller's own account. */
  readonly account: Account | undefined;
};

const passwordFile = 'grand-livre.password';

/** Finds or makes the data in `<home>/postgres`. Throws `Failure`. */
export function ensureData(native: string, home: string, account: Account | undefined): Data {
  const dataDir = join(home, 'postgres');
  if (!existsSync(dataDir)) make(native, dataDir, account);
  const { uid, gid } = statSync(dataDir);
  if (account === undefined && uid !== process.getuid?.()) {
    throw new Failure(
      `The data in ${dataDir} belongs to another account: start as that account, or set STATE_DIR to another folder.`,
    );
  }
  try {
    const password = readFileSync(join(dataDir, passwordFile), 'utf8');
    return { dataDir, password, account: account && { uid, gid } };
  } catch {
    throw new Failure(
      `${dataDir} is no database of this bank (${passwordFile} is missing or closed): restore it, or set STATE_DIR to another folder.`,
    );
  }
}

/** Made under another name first: what a start that was cut short leaves is never taken for a database. */
function make(native: string, dataDir: string, account: Account | undefined): void {
  const give = (path: string): void => {
    if (account !== undefined) chownSync(path, account.uid, account.gid);
  };
  let making: string | undefined;
  try {
    making = mkdtempSync(`${dataDir}.making-`);
    const password = join(making, passwordFile);
    const data = join(making, 'data');
    writeFileSync(password, randomBytes(24).toString('hex'), { mode: 0o600 });
    mkdirSync(data, { mode: 0o700 });
    for (const path of [making, password, data]) give(path);
    const made = spawnSync(
      join(native, 'bin', 'initdb'),
      [
        ...['-D', data, '-U', 'postgres', '-A', 'scram-sha-256', `--pwfile=${password}`, '-E', 'UTF8'],
        // PostgreSQL's own rules for letters: the same on every machine.
        ...['--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
      ],
      { ...account, cwd: data, encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    );
    if (made.status !== 0) {
      throw new Error(made.error?.message ?? made.stderr.trim().split('\n').at(-1) ?? 'initdb gave no reason');
    }
    renameSync(password, join(data, passwordFile));
    renameSync(data, dataDir);
  } catch (error) {
    // Whoever else started at the same moment was quicker.
    if (existsSync(dataDir)) return;
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`PostgreSQL's data cannot be made in ${dataDir}: ${reason}`);
  } finally {
    if (making !== undefined) rmSync(making, { recursive: true, force: true });
  }
}

/** What starts that were cut short left beside the data; called by whoever runs the server on it. */
export function sweepUnfinished(home: string): void {
  for (const name of readdirSync(home)) {
    if (name.includes('.making-')) rmSync(join(home, name), { recursive: true, force: true });
  }
}
