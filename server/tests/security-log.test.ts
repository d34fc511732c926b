/** The security log in PostgreSQL: an event that is committed late is passed over by nobody. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDatabase } from '../../tests/support/postgres.ts';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { postgresSecurityLog } from '../src/audit/postgres-security-log.ts';

let database: Awaited<ReturnType<typeof createDatabase>>;
let pool: pg.Pool;
beforeAll(async () => {
  database = await createDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

const log = () =>
  postgresSecurityLog({
    pool,
    readers: pool,
    keepDays: 180,
    onTrouble: (error) => {
      throw error;
    },
  });
const subjects = async (after: number): Promise<readonly string[]> =>
  (await log().read({ after, limit: 10 })).map(({ subject }) => subject);

test('waits for whoever took an earlier id and is not committed yet', async () => {
  log().record({ kind: 'pin_wrong', subject: 'first', terminal: 'desk', address: '192.0.2.1' });
  await expect.poll(() => subjects(0)).toEqual(['first']);
  const late = await pool.connect();
  await late.query('begin');
  await late.query(
    `with writing as materialized (select pg_advisory_xact_lock_shared($1))
     insert into audit.security_events (kind, subject, terminal) select 'pin_wrong', 'late', 'desk' from writing`,
    [advisoryLocks.securityEvents],
  );
  log().record({ kind: 'pin_wrong', subject: 'early', terminal: 'desk', address: '192.0.2.1' });
  await expect
    .poll(async () => (await pool.query('select from audit.security_events where subject = $1', ['early'])).rowCount)
    .toBe(1);
  let found: readonly string[] | undefined;
  const reading = subjects(1).then((read) => {
    found = read;
  });
  await sleep(200);
  expect(found).toBeUndefined();
  await late.query('commit');
  late.release();
  await reading;
  expect(found).toEqual(['late', 'early']);
});

test('passes over an id that was taken back', async () => {
  const undone = await pool.connect();
  await undone.query('begin');
  await undone.query(
    `insert into audit.security_events (kind, subject, terminal) values ('pin_wrong', 'undone', 'desk')`,
  );
  await undone.query('rollback');
  undone.release();
  log().record({ kind: 'pin_wrong', subject: 'after it', terminal: 'desk', address: '192.0.2.1' });
  await expect.poll(() => subjects(3)).toEqual(['after it']);
});
