/** The bank's staff in the database: added, listed, removed, given new passwords and one-time codes. */
import { hash } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import type pg from 'pg';
import type { StaffRole } from '../../../api/src/calls/staff.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { currentGeneration } from '../../../ledger/src/vault/master-keys.ts';
import { newSecret } from '../../../server/src/staff/one-time-codes.ts';

export type StaffMember = { readonly username: string; readonly role: StaffRole; readonly hasOneTimeCodes: boolean };

const newPassword = (): string => randomBytes(18).toString('base64url');

export async function listStaff(client: pg.Client): Promise<readonly StaffMember[]> {
  const { rows } = await client.query<{ username: string; role: StaffRole; codes: boolean }>(
    'select username, role, totp_secret is not null as codes from access.staff order by username',
  );
  return rows.map(({ username, role, codes }) => ({ username, role, hasOneTimeCodes: codes }));
}

/** Gives the password, which is stored as its hash only. Throws a `Failure` when the name is taken. */
export async function addStaff(client: pg.Client, name: string, role: StaffRole): Promise<string> {
  const password = newPassword();
  const { rowCount } = await client.query(
    'insert into access.staff (username, password_hash, role) values ($1, $2, $3) on conflict do nothing',
    [name, await hash(password), role],
  );
  if (rowCount === 0) throw new Failure(`${name} is on the staff already.`);
  return password;
}

/** Gives the new password, and ends every session there is. Throws a `Failure` when nobody has the name. */
export async function renewPassword(client: pg.Client, name: string): Promise<string> {
  const password = newPassword();
  const { rowCount } = await client.query('update access.staff set password_hash = $2 where username = $1', [
    name,
    await hash(password),
  ]);
  assertFound(rowCount, name);
  await endSessions(client, name);
  return password;
}

/** Gives what an authenticator takes in, and ends every session there is. Throws a `Failure` when nobody has the name. */
export async function giveOneTimeCodes(client: pg.Client, name: string, masterKeys: MasterKeys): Promise<string> {
  const generation = await currentGeneration(client);
  const { sealed, uri } = newSecret(await masterKeys.get(generation), name);
  const { rowCount } = await client.query(
    'update access.staff set totp_secret = $2, totp_generation = $3, totp_step = null where username = $1',
    [name, sealed, generation],
  );
  assertFound(rowCount, name);
  await endSessions(client, name);
  return uri;
}

/** Every session goes with the row. Throws a `Failure` when nobody has the name. */
export async function removeStaff(client: pg.Client, name: string): Promise<void> {
  const { rowCount } = await client.query('delete from access.staff where username = $1', [name]);
  assertFound(rowCount, name);
}

const endSessions = (client: pg.Client, name: string): Promise<unknown> =>
  client.query('delete from access.staff_sessions where username = $1', [name]);

function assertFound(rowCount: number | null, name: string): void {
  if (rowCount === 0) throw new Failure(`Nobody on the staff is called ${name}: see npm run staff -- list.`);
}
