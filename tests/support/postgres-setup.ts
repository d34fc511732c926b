/** One real PostgreSQL for all tests of a project, with one migrated database as the template of all others. */
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../operations/src/migrate.ts';
import { startPostgres } from '../../operations/src/embedded-postgres/start-postgres.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
    /** The database that tests copy. */
    template: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env['TEST_DATABASE_URL'];
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-tests-'));
  chmodSync(stateDir, 0o755);
  const server = given === undefined ? await startPostgres({ stateDir }) : undefined;
  const databaseUrl = given ?? server?.url ?? '';
  // On a server that is there already, every project has its own.
  const template = `grand_livre_template_${project.name}`;
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`drop database if exists ${template}`);
  await admin.query(`create database ${template}`);
  await admin.end();
  await migrate(onDatabase(databaseUrl, template));
  await makeTestRoles(databaseUrl);
  project.provide('databaseUrl', databaseUrl);
  project.provide('template', template);
  return async () => {
    await server?.stop();
    rmSync(stateDir, { recursive: true, force: true });
  };
}

/** The same server, another database. */
export function onDatabase(databaseUrl: string, name: string): string {
  const url = new URL(databaseUrl);
  url.pathname = `/${name}`;
  return url.href;
}

/** One log-in role each for the servers, projectors and signers of all tests, as `npm start` makes them for each database. */
async function makeTestRoles(databaseUrl: string): Promise<void> {
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  for (const program of ['server', 'projector', 'signer']) {
    await admin.query(`
      do $$ begin
        create role grandlivre_test_${program} login password 'test' in role grandlivre_${program};
      exception when duplicate_object or unique_violation then null;
      end $$`);
  }
  await admin.end();
}

/** The same database, as the server, the projector or the signer of a test. */
export function asTestRole(databaseUrl: string, program: 'server' | 'projector' | 'signer'): string {
  const url = new URL(databaseUrl);
  url.username = `grandlivre_test_${program}`;
  url.password = 'test';
  return url.href;
}
