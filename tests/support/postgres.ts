/** A fresh, migrated database for a test, on the test run's own PostgreSQL. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { onDatabase, template } from './global-setup.ts';

export type TestDatabase = {
  /** The owner's connection string. */
  readonly url: string;
  /** Ends whatever is still connected, and drops the database. */
  drop(): Promise<void>;
};

export async function createDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(6).toString('hex')}`;
  const run = async (sql: string): Promise<void> => {
    const admin = new pg.Client({ connectionString: inject('databaseUrl') });
    await admin.connect();
    await admin.query(sql).finally(() => admin.end());
  };
  await run(`create database ${name} template ${template}`);
  return {
    url: onDatabase(inject('databaseUrl'), name),
    drop: () => run(`drop database if exists ${name} with (force)`),
  };
}
