/** A fresh, migrated database for a test, on the test run's own PostgreSQL. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { inject } from 'vitest';
import { asTestRole, onDatabase } from './postgres-setup.ts';

export type TestDatabase = {
  /** The owner's connection string. */
  readonly url: string;
  /** Log-in roles of server, projector and signer. */
  readonly logIns: { readonly server: string; readonly projector: string; readonly signer: string };
  /** Ends whatever is still connected, and drops the database. */
  drop(): Promise<void>;
};

async function isLeft(name: string): Promise<boolean> {
  const admin = new pg.Client({ connectionString: inject('databaseUrl') });
  await admin.connect();
  const { rowCount } = await admin.query('select from pg_stat_activity where datname = $1', [name]);
  await admin.end();
  return rowCount === 0;
}

export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const admin = new pg.Client({ connectionString: inject('databaseUrl') });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };
  await run(`create database ${name} template ${inject('template')}`);
  const url = onDatabase(inject('databaseUrl'), name);
  return {
    url,
    logIns: {
      server: asTestRole(url, 'server'),
      projector: asTestRole(url, 'projector'),
      signer: asTestRole(url, 'signer'),
    },
    async drop() {
      // A pool that ended does not wait until its connections have gone; whoever is thrown out complains.
      for (let tries = 0; tries < 40 && !(await isLeft(name)); tries++) await sleep(50);
      await run(`drop database if exists ${name} with (force)`);
    },
  };
}
