/** One real PostgreSQL for a whole test run, with one migrated database as the template of all others. */
import { mkdtempSync, rmSync, chmodSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../scripts/migrate.ts';
import { ensureScreens } from '../../scripts/screens/build.ts';
import { startPostgres } from '../../scripts/postgres/embedded.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
  }
}

export const template = 'grand_livre_template';

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await ensureScreens();
  const given = process.env['TEST_DATABASE_URL'];
  const stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-tests-'));
  chmodSync(stateDir, 0o755);
  const server = given === undefined ? await startPostgres({ stateDir }) : undefined;
  const databaseUrl = given ?? server?.url ?? '';
  const admin = new pg.Client({ connectionString: databaseUrl });
  await admin.connect();
  await admin.query(`drop database if exists ${template}`);
  await admin.query(`create database ${template}`);
  await admin.end();
  await migrate(onDatabase(databaseUrl, template));
  project.provide('databaseUrl', databaseUrl);
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
