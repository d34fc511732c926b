/** `npm run staff`: who may look into the bank, from the command line. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';

const script = fileURLToPath(new URL('../../scripts/staff.ts', import.meta.url));
let database: TestDatabase;
let stateDir: string;
beforeAll(async () => {
  database = await createDatabase();
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-staff-'));
});
afterAll(async () => {
  await database.drop();
  rmSync(stateDir, { recursive: true });
});

const staff = (...args: string[]): { readonly status: number | null; readonly said: string } => {
  const env = { ...process.env, DATABASE_URL: database.url, STATE_DIR: stateDir };
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8', env });
  return { status, said: stdout + stderr };
};

test('added, listed, given a new password and codes, removed', () => {
  expect(staff('add', 'ada', '--role', 'auditor').said).toMatch(/^ada \(auditor\), password \S{24}\n/);
  expect(staff('add', 'grace', '--role', 'operator', '--one-time-codes').said).toMatch(
    /otpauth:\/\/totp\/Grand%20Livre:grace\?.*secret=[A-Z2-7]{32}/,
  );
  expect(staff('list').said).toBe('ada  auditor\ngrace  operator  one-time codes\n');
  expect(staff('password', 'ada').said).toMatch(/^ada, new password \S{24}\n/);
  expect(staff('remove', 'ada').status).toBe(0);
  expect(staff('list').said).toBe('grace  operator  one-time codes\n');
});

test.each([
  [['add', 'grace', '--role', 'auditor'], 'grace is on the staff already.'],
  [['remove', 'nobody'], 'Nobody on the staff is called nobody'],
  [['password', 'nobody'], 'Nobody on the staff is called nobody'],
  [['add', 'x', '--role', 'boss'], 'Usage: npm run staff'],
  [['add', 'With Blanks', '--role', 'auditor'], 'A name is 1 to 24 of a-z'],
  [['dance', 'x'], 'Usage: npm run staff'],
  [[], 'Usage: npm run staff'],
  [['list', '--loud'], 'Unknown option'],
] as const)('%j is one clear sentence', (args, sentence) => {
  const { status, said } = staff(...args);
  expect(status).toBe(1);
  expect(said).toContain(sentence);
  expect(said).not.toMatch(/\n\s+at /);
});
