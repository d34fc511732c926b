/** Secrets outside the database: made while nothing needs them, and from then on only the right ones are taken. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Failure } from '../../ledger/src/failure.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { loadSecrets } from '../src/secrets.ts';

const names = ['master.key', 'pin.key', 'request.key', 'journal.key'] as const;

let database: TestDatabase;
let owner: pg.Pool;
let stateDir: string;
beforeEach(async () => {
  database = await createDatabase();
  owner = new pg.Pool({ connectionString: database.url, max: 1 });
  stateDir = mkdtempSync(join(tmpdir(), 'grand-livre-secrets-'));
});
afterEach(async () => {
  await owner.end();
  await database.drop();
  rmSync(stateDir, { recursive: true });
});

const file = (name: string): string => join(stateDir, 'secrets', name);

/** All of them, as bytes. */
async function load(): Promise<readonly Buffer[]> {
  const { masterKeys, pinKey, requestKey, macKey } = await loadSecrets(stateDir, database.url);
  return [await masterKeys.get(1), pinKey, requestKey, macKey.export()];
}

test('however many start at once take the same ones, and so does the next start', async () => {
  const [first, ...others] = await Promise.all(Array.from({ length: 5 }, load));
  for (const other of [...others, await load()]) expect(other).toEqual(first);
});

describe.each(names)('%s', (name) => {
  test('deleted: one sentence that names it, none is made, and the old one opens the bank again', async () => {
    const before = await load();
    const saved = readFileSync(file(name));
    rmSync(file(name));
    for (let start = 0; start < 2; start++) {
      await expect(load()).rejects.toThrow(
        new Failure(
          `The secret ${file(name)} is missing or cannot be read: restore it from your backup, or give this account access to it.`,
        ),
      );
    }
    writeFileSync(file(name), saved);
    expect(await load()).toEqual(before);
  });

  test.each(['another bank’s', 'one of the other secrets'])(
    'exchanged for %s: one sentence that names it',
    async (by) => {
      const before = await load();
      const saved = readFileSync(file(name));
      const other = names.find((one) => one !== name) ?? name;
      writeFileSync(
        file(name),
        by === 'another bank’s' ? randomBytes(32).toString('base64') : readFileSync(file(other)),
      );
      for (let start = 0; start < 2; start++) {
        await expect(load()).rejects.toThrow(
          new Failure(
            `The secret ${file(name)} is not the one that the database was used with: restore that one from your backup.`,
          ),
        );
      }
      writeFileSync(file(name), saved);
      expect(await load()).toEqual(before);
    },
  );
});

describe('a database from before there were check values', () => {
  const used: Readonly<Record<(typeof names)[number], string>> = {
    'master.key': `insert into vault.customer_keys (key_id, wrapped, generation) values (gen_random_uuid(), '', 1)`,
    'pin.key': `insert into access.pins (account, verifier) values ('1', '')`,
    'request.key': `insert into journal.events (position, id, type, data, metadata) values (1, gen_random_uuid(), 'Any', '{}', '{}')`,
    'journal.key': `insert into journal.events (position, id, type, data, metadata) values (1, gen_random_uuid(), 'Any', '{}', '{"mac":"x"}')`,
  };

  test.each(names)('remembers the %s that is there', async (name) => {
    await load();
    await owner.query('delete from secrets.check_values');
    await owner.query(used[name]);
    const before = await load();
    writeFileSync(file(name), randomBytes(32).toString('base64'));
    await expect(load()).rejects.toThrow('is not the one that the database was used with');
    expect(before).toHaveLength(names.length);
  });

  test.each(names)('makes no %s that it needs', async (name) => {
    mkdirSync(join(stateDir, 'secrets'));
    for (const other of names) if (other !== name) writeFileSync(file(other), randomBytes(32).toString('base64'));
    await owner.query(used[name]);
    await expect(load()).rejects.toThrow(`${file(name)} is missing or cannot be read`);
  });
});

test('the server’s role changes and deletes no check value', async () => {
  await load();
  const server = new pg.Pool({ connectionString: database.url, options: '-c role=grandlivre_server', max: 1 });
  for (const sql of [`update secrets.check_values set name = 'x'`, 'delete from secrets.check_values']) {
    await expect(server.query(sql)).rejects.toThrow(/permission denied/);
  }
  await server.end();
});
