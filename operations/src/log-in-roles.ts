/** The log-in roles of server, projector and signer: each has the rights of its program and no more, so that the owner's are used by migrations and tools alone. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { Failure } from '../../ledger/src/failure.ts';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import type { Config } from '../../server/src/config.ts';

/** Connection strings. */
export type LogIns = { readonly server: string; readonly projector: string; readonly signer: string };

type ProgramRole = 'server' | 'projector' | 'signer';

/**
 * Those that were given; else roles of this database's own, made or given their password again, whose addresses are in
 * `$STATE_DIR/secrets/<program>-database-url`. Throws `Failure`.
 */
export async function ensureLogIns(
  ownerUrl: string,
  {
    stateDir,
    serverDatabaseUrl,
    projectorDatabaseUrl,
    signerDatabaseUrl,
  }: Pick<Config, 'stateDir' | 'serverDatabaseUrl' | 'projectorDatabaseUrl'> &
    Partial<Pick<Config, 'signerDatabaseUrl'>>,
): Promise<LogIns> {
  const given = { server: serverDatabaseUrl, projector: projectorDatabaseUrl, signer: signerDatabaseUrl };
  const owner = new pg.Client({ connectionString: ownerUrl });
  try {
    await owner.connect();
    await owner.query('select pg_advisory_lock($1)', [advisoryLocks.logInRoles]);
    const ensure = async (program: ProgramRole): Promise<string> =>
      given[program] ?? ensureLogIn(owner, ownerUrl, program, join(stateDir, 'secrets', `${program}-database-url`));
    return { server: await ensure('server'), projector: await ensure('projector'), signer: await ensure('signer') };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(
      `The log-in roles of server, projector and signer cannot be made (${reason}): give the owner the right to make roles, or set SERVER_DATABASE_URL, PROJECTOR_DATABASE_URL and SIGNER_DATABASE_URL.`,
    );
  } finally {
    await owner.end();
  }
}

async function ensureLogIn(owner: pg.Client, ownerUrl: string, program: ProgramRole, file: string): Promise<string> {
  const { rows } = await owner.query<{ name: string; exists: boolean }>(
    `select name, exists (select from pg_roles where rolname = name) as exists
     from (select $1 || '_' || oid as name from pg_database where datname = current_database()) own`,
    [`grandlivre_${program}`],
  );
  const { name = '', exists = false } = rows[0] ?? {};
  const password = passwordIn(file) ?? randomBytes(24).toString('base64url');
  const verifier = owner.escapeLiteral(scramVerifier(password));
  const role = owner.escapeIdentifier(name);
  // The superuser's rights and those to make roles and databases are off unless asked for.
  await owner.query(
    exists
      ? `alter role ${role} login password ${verifier}`
      : `create role ${role} login password ${verifier} in role grandlivre_${program}`,
  );
  const url = new URL(ownerUrl);
  url.username = name;
  url.password = password;
  write(file, url.href);
  return url.href;
}

function passwordIn(file: string): string | undefined {
  try {
    const password = URL.parse(readFileSync(file, 'utf8').trim())?.password;
    return password === '' ? undefined : password;
  } catch {
    return undefined;
  }
}

/** Put in place as a whole: another program never reads half an address. */
function write(file: string, text: string): void {
  mkdirSync(join(file, '..'), { recursive: true, mode: 0o700 });
  const beside = `${file}.${String(process.pid)}`;
  writeFileSync(beside, text, { mode: 0o600 });
  renameSync(beside, file);
}

/** What PostgreSQL stores of a password (RFC 5803): the password itself reaches neither its log nor its statistics. */
function scramVerifier(password: string): string {
  const iterations = 4_096;
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const keyOf = (what: string): Buffer => createHmac('sha256', salted).update(what).digest();
  const storedKey = createHash('sha256').update(keyOf('Client Key')).digest('base64');
  const serverKey = keyOf('Server Key').toString('base64');
  return `SCRAM-SHA-256$${String(iterations)}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

/** What each program gets of the environment: its own log-in, and no other's. */
export function environmentsOf(
  env: NodeJS.ProcessEnv,
  { server, projector, signer }: LogIns,
): Readonly<Record<ProgramRole, NodeJS.ProcessEnv>> {
  const common = Object.fromEntries(
    Object.entries(env).filter(([name]) => !/(DATABASE_URL|LOG_SIGNING_KEY)(_FILE)?$/.test(name)),
  );
  return {
    server: { ...common, SERVER_DATABASE_URL: server },
    projector: { ...common, PROJECTOR_DATABASE_URL: projector },
    signer: { ...common, ...signingKeyOf(env), SIGNER_DATABASE_URL: signer },
  };
}

/** Nobody but the signer is given it. */
const signingKeyOf = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(env).filter(([name]) => /^LOG_SIGNING_KEY(_FILE)?$/.test(name)));
