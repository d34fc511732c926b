/** Makes the first staff log-in, so that a new bank has somebody who can look into it. */
import { hash, verify } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { serverConnection } from '../connections.ts';

export type StaffLogIn = { readonly username: string; readonly password: string };

const username = 'operator';

/**
 * Gives the new log-in: the password is stored only as its Argon2id hash. Undefined when there is staff already. `save`
 * is told it before it becomes good, and by one caller only.
 */
export async function ensureFirstStaff(
  databaseUrl: string,
  save: (logIn: StaffLogIn) => void = () => undefined,
): Promise<StaffLogIn | undefined> {
  return withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ staffed: boolean }>('select exists (select from access.staff) as staffed');
    if (rows[0]?.staffed === true) return undefined;
    const logIn = { username, password: randomBytes(18).toString('base64url') };
    await client.query('begin');
    // Whoever comes second waits here until the first has committed.
    const { rowCount } = await client.query(
      `insert into access.staff (username, password_hash, role) values ($1, $2, 'operator') on conflict do nothing`,
      [username, await hash(logIn.password)],
    );
    if (rowCount === 1) save(logIn);
    await client.query('commit');
    return rowCount === 1 ? logIn : undefined;
  });
}

/** Whether somebody can log in with it. */
export const isGood = (databaseUrl: string, logIn: StaffLogIn): Promise<boolean> =>
  withClient(databaseUrl, async (client) => {
    const { rows } = await client.query<{ hash: string }>(
      'select password_hash as hash from access.staff where username = $1',
      [logIn.username],
    );
    return rows[0] !== undefined && verify(rows[0].hash, logIn.password);
  });

async function withClient<T>(databaseUrl: string, use: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client(serverConnection(databaseUrl, 'command'));
  await client.connect();
  return use(client).finally(() => client.end());
}
