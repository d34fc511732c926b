/** The first staff log-in, in a file until somebody has seen it: a start that fails, or dies, loses no password. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StaffLogIn } from '../../../server/src/staff/first-staff.ts';
import { ensureFirstStaff, isGood } from '../../../server/src/staff/first-staff.ts';

const fileIn = (stateDir: string): string => join(stateDir, 'first-staff');

/** Gives the first log-in where nobody has seen it yet. `databaseUrl` is the server's. */
export async function firstStaffOf(databaseUrl: string, stateDir: string): Promise<StaffLogIn | undefined> {
  const file = fileIn(stateDir);
  const made = await ensureFirstStaff(databaseUrl, ({ username, password }) => {
    writeFileSync(file, `${username} ${password}\n`, { mode: 0o600, flush: true });
  });
  if (made !== undefined || !existsSync(file)) return made;
  const [username = '', password = ''] = readFileSync(file, 'utf8').trim().split(' ');
  const isUnseen = await isGood(databaseUrl, { username, password });
  return isUnseen ? { username, password } : undefined;
}

/** Once it was shown. */
export function forgetFirstStaff(stateDir: string): void {
  rmSync(fileIn(stateDir), { force: true });
}
