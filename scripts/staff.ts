/** `npm run staff`: the bank's staff. Adds, lists, removes, gives new passwords, and one-time codes to whoever wants them. */
import { hash } from '@node-rs/argon2';
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import pg from 'pg';
import type { MasterKeys } from '../ledger/src/vault/master-keys.ts';
import { currentGeneration } from '../ledger/src/vault/master-keys.ts';
import { ConfigError, readConfig } from '../server/src/config.ts';
import { loadSecrets } from '../server/src/secrets.ts';
import { newSecret } from '../server/src/staff/one-time-codes.ts';
import { openDatabase } from './database.ts';
import { endWith, Failure } from './failure.ts';

const usage = `Usage: npm run staff -- list
       npm run staff -- add NAME --role auditor|operator [--one-time-codes]
       npm run staff -- password NAME
       npm run staff -- one-time-codes NAME
       npm run staff -- remove NAME`;

type Asked = { readonly what: string; readonly name: string; readonly role: string; readonly oneTimeCodes: boolean };

function readArguments(): Asked {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { role: { type: 'string' }, 'one-time-codes': { type: 'boolean' } },
    });
    const [what = '', name = '', ...more] = positionals;
    const isWhole = what === 'list' ? name === '' : /^[a-z][a-z0-9._-]{0,23}$/.test(name);
    const role = values.role ?? '';
    const hasRole = what !== 'add' || role === 'auditor' || role === 'operator';
    if (isWhole && hasRole && more.length === 0)
      return { what, name, role, oneTimeCodes: values['one-time-codes'] === true };
  } catch (error) {
    throw new Failure(`${error instanceof Error ? error.message : String(error)}\n${usage}`);
  }
  throw new Failure(`${usage}\nA name is 1 to 24 of a-z, 0-9, ".", "_", "-".`);
}

const newPassword = (): string => randomBytes(18).toString('base64url');

async function carryOut(
  client: pg.Client,
  { what, name, role, oneTimeCodes }: Asked,
  masterKeys: MasterKeys,
): Promise<void> {
  const found = (rowCount: number | null): void => {
    if (rowCount === 0) throw new Failure(`Nobody on the staff is called ${name}: see npm run staff -- list.`);
  };
  /** Whoever had a session has to log in anew. */
  const endSessions = (): Promise<unknown> =>
    client.query('delete from access.staff_sessions where username = $1', [name]);
  const giveCodes = async (): Promise<void> => {
    const generation = await currentGeneration(client);
    const { sealed, uri } = newSecret(await masterKeys.get(generation), name);
    const { rowCount } = await client.query(
      'update access.staff set totp_secret = $2, totp_generation = $3, totp_step = null where username = $1',
      [name, sealed, generation],
    );
    found(rowCount);
    await endSessions();
    console.log(`One-time codes: give this to your authenticator, it is shown this once:\n${uri}`);
  };
  switch (what) {
    case 'list': {
      const { rows } = await client.query<{ username: string; role: string; codes: boolean }>(
        'select username, role, totp_secret is not null as codes from access.staff order by username',
      );
      for (const one of rows) console.log(`${one.username}  ${one.role}${one.codes ? '  one-time codes' : ''}`);
      return;
    }
    case 'add': {
      const password = newPassword();
      const { rowCount } = await client.query(
        'insert into access.staff (username, password_hash, role) values ($1, $2, $3) on conflict do nothing',
        [name, await hash(password), role],
      );
      if (rowCount === 0) throw new Failure(`${name} is on the staff already.`);
      console.log(`${name} (${role}), password ${password}\nIt is shown this once.`);
      if (oneTimeCodes) await giveCodes();
      return;
    }
    case 'password': {
      const password = newPassword();
      const { rowCount } = await client.query('update access.staff set password_hash = $2 where username = $1', [
        name,
        await hash(password),
      ]);
      found(rowCount);
      await endSessions();
      console.log(`${name}, new password ${password}\nIt is shown this once.`);
      return;
    }
    case 'one-time-codes':
      return giveCodes();
    case 'remove': {
      const { rowCount } = await client.query('delete from access.staff where username = $1', [name]);
      found(rowCount);
      console.log(`${name} is no longer on the staff, and every session of theirs has ended.`);
      return;
    }
    default:
      throw new Failure(usage);
  }
}

async function main(): Promise<void> {
  const asked = readArguments();
  const config = readConfig(process.env);
  const { url, release } = await openDatabase(config);
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    await carryOut(client, asked, (await loadSecrets(config.stateDir)).masterKeys);
  } finally {
    await client.end();
    await release();
  }
}

main().catch((error: unknown) => endWith(error instanceof ConfigError ? new Failure(error.message) : error));
