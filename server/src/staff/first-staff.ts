/** Makes the first staff log-in, so that a new bank has somebody who can look into it. */
import { hash } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import pg from 'pg';

const username = 'operator';

/** Gives the new log-in, once: the password is stored only as its Argon2id hash. Undefined when there is staff already. */
export async function ensureFirstStaff(
  databaseUrl: string,
): Promise<{ readonly username: string; readonly password: string } | undefined> {
  const client = new pg.Client({ connectionString: databaseUrl, options: '-c role=grandlivre_server' });
  await client.connect();
  try {
    const { rows } = await client.query<{ staffed: boolean }>('select exists (select from access.staff) as staffed');
    if (rows[0]?.staffed === true) return undefined;
    const password = randomBytes(18).toString('base64url');
    const { rowCount } = await client.query(
      `insert into access.staff (username, password_hash, role) values ($1, $2, 'operator') on conflict do nothing`,
      [username, await hash(password)],
    );
    return rowCount === 1 ? { username, password } : undefined;
  } finally {
    await client.end();
  }
}
