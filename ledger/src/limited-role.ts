/** Whether a program connects with its own rights only: a role that may do everything is not taken. */
import pg from 'pg';
import { Failure } from './failure.ts';

/** Throws a `Failure`; `setting` is what the connection string was given with. */
export async function assertLimitedRole(databaseUrl: string, setting: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ name: string; unlimited: boolean }>(
      `select rolname as name,
         rolsuper or rolcreaterole or rolreplication or rolbypassrls
           or pg_has_role(oid, (select relowner from pg_class where oid = 'journal.events'::regclass), 'member') as unlimited
       from pg_roles where rolname = session_user`,
    );
    const [role] = rows;
    if (role?.unlimited !== false) {
      throw new Failure(
        `${setting} connects as ${role?.name ?? 'a role'}, which may change tables, roles or settings: give the log-in role that npm start or the migrations made (docs/decisions/database-roles.md).`,
      );
    }
  } finally {
    await client.end();
  }
}
