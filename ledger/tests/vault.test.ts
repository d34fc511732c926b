/** The vault on a real database: what is sealed opens only with its own key, and a destroyed key erases the person. */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { Profile } from '../src/vault/profile.ts';
import type { MasterKeys } from '../src/vault/master-keys.ts';
import { masterKeyFiles } from '../src/vault/master-keys.ts';
import { makeSecretFile, readSecretFile } from '../src/vault/secret-file.ts';
import type { Vault } from '../src/vault/vault.ts';
import { postgresVault } from '../src/vault/vault.ts';

const profile: Profile = {
  lastName: 'Dupont-Évrard',
  firstName: 'Zoé',
  address: '12 rue des Lilas ; "bis"',
  postalCode: '75011',
  city: 'Paris',
  mobile: '0600000101',
};

let database: TestDatabase;
let owner: pg.Pool;
let server: pg.Pool;
let projector: pg.Pool;
let vault: Vault;
/** Keys that need no files. */
const keysOf = (key: Buffer): Pick<MasterKeys, 'get'> => ({ get: () => Promise.resolve(key) });
const masterKeys = keysOf(randomBytes(32));

beforeAll(async () => {
  database = await createDatabase();
  const connect = (options?: string): pg.Pool =>
    new pg.Pool({ connectionString: database.url, ...(options !== undefined && { options }) });
  owner = connect();
  server = connect('-c role=grandlivre_server');
  projector = connect('-c role=grandlivre_projector');
  vault = postgresVault({ pool: server, masterKeys });
});
afterAll(async () => {
  await Promise.all([owner, server, projector].map((pool) => pool.end()));
  await database.drop();
});

test('opens a profile as it was sealed, on another server too', async () => {
  const { keyId, profile: sealed } = await vault.seal(profile);
  expect(await vault.open(keyId, sealed)).toEqual(profile);
  expect(await postgresVault({ pool: projector, masterKeys }).open(keyId, sealed)).toEqual(profile);
});

test('seals many profiles under a key each, in the order they came', async () => {
  const names = Array.from({ length: 300 }, (_, index) => `N${String(index)}`);
  const sealed = await vault.sealMany(names.map((lastName) => ({ ...profile, lastName })));
  expect(new Set(sealed.map(({ keyId }) => keyId)).size).toBe(300);
  const opened = await Promise.all(sealed.map((one) => vault.open(one.keyId, one.profile)));
  expect(opened.map((one) => one?.lastName)).toEqual(names);
  expect(await vault.sealMany([])).toEqual([]);
});

test('opens many with one question to the database, in their order, and without those whose key was destroyed', async () => {
  const sealed = await vault.sealMany(['A', 'B', 'C'].map((lastName) => ({ ...profile, lastName })));
  await vault.destroy(sealed[1]?.keyId ?? '');
  let questions = 0;
  const counting = {
    query: (question: pg.QueryConfig): Promise<pg.QueryResult> => {
      questions += 1;
      return server.query(question);
    },
  } as unknown as pg.Pool;
  const opened = await postgresVault({ pool: counting, masterKeys }).openMany(sealed.toReversed());
  expect(opened.map((one) => one?.lastName)).toEqual(['C', undefined, 'A']);
  expect(questions).toBe(1);
});

test('seals the same profile as a different text each time', async () => {
  const [one, other] = await vault.sealMany([profile, profile]);
  expect(one?.profile).not.toBe(other?.profile);
  expect(one?.profile).toMatch(/^v1\.[\w-]+$/);
});

test('no word of the profile is in the sealed text or the stored key', async () => {
  const { keyId, profile: sealed } = await vault.seal(profile);
  const { rows } = await owner.query<{ wrapped: Buffer }>('select wrapped from vault.customer_keys where key_id = $1', [
    keyId,
  ]);
  const known = Buffer.concat([Buffer.from(sealed.slice(3), 'base64url'), rows[0]?.wrapped ?? Buffer.alloc(0)]);
  for (const word of Object.values(profile)) expect(known.includes(word)).toBe(false);
});

test('opens nothing once the key is destroyed, and everybody else still', async () => {
  const [gone, other] = await vault.sealMany([profile, { ...profile, firstName: 'Ugo' }]);
  if (gone === undefined || other === undefined) throw new Error('two were sealed');
  await vault.destroy(gone.keyId);
  expect(await vault.open(gone.keyId, gone.profile)).toBeUndefined();
  expect(await vault.open(other.keyId, other.profile)).toMatchObject({ firstName: 'Ugo' });
  // Destroying a key again is no error: an erasure may be asked for again.
  await vault.destroy(gone.keyId);
});

test('opens nothing with a key that never existed', async () => {
  const { profile: sealed } = await vault.seal(profile);
  expect(await vault.open(randomUUID(), sealed)).toBeUndefined();
});

describe('throws, instead of reporting an erased person, on damage', () => {
  const damaged = (sealed: string): string => {
    const bytes = Buffer.from(sealed.slice(3), 'base64url');
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    return `v1.${bytes.toString('base64url')}`;
  };

  test('in the sealed text', async () => {
    const { keyId, profile: sealed } = await vault.seal(profile);
    const texts = [damaged(sealed), sealed.slice(0, -6), `v2${sealed.slice(2)}`, 'v1.', ''];
    for (const text of texts) await expect(vault.open(keyId, text)).rejects.toThrow();
  });

  test('in the stored key', async () => {
    const { keyId, profile: sealed } = await vault.seal(profile);
    const flip = 'update vault.customer_keys set wrapped = set_byte(wrapped, 15, get_byte(wrapped, 15) # 1)';
    await owner.query(`${flip} where key_id = $1`, [keyId]);
    await expect(vault.open(keyId, sealed)).rejects.toThrow();
  });

  test('by another master key', async () => {
    const { keyId, profile: sealed } = await vault.seal(profile);
    const other = postgresVault({ pool: server, masterKeys: keysOf(randomBytes(32)) });
    await expect(other.open(keyId, sealed)).rejects.toThrow();
  });

  test('by mixing two customers', async () => {
    const [one, other] = await vault.sealMany([profile, profile]);
    if (one === undefined || other === undefined) throw new Error('two were sealed');
    await expect(vault.open(one.keyId, other.profile)).rejects.toThrow();
    // Even whoever can write the table cannot put one customer's key in another's place.
    await owner.query(
      `update vault.customer_keys set wrapped = (select wrapped from vault.customer_keys where key_id = $2)
       where key_id = $1`,
      [one.keyId, other.keyId],
    );
    await expect(vault.open(one.keyId, other.profile)).rejects.toThrow();
  });
});

describe('who may do what with the keys', () => {
  test('the projector reads them only', async () => {
    const own = postgresVault({ pool: projector, masterKeys });
    await expect(own.seal(profile)).rejects.toThrow(/permission denied/);
    await expect(own.destroy(randomUUID())).rejects.toThrow(/permission denied/);
  });

  test('the server makes and destroys them, and changes none', async () => {
    const { keyId } = await vault.seal(profile);
    for (const sql of ['update vault.customer_keys set key_id = $1', 'truncate vault.customer_keys']) {
      await expect(server.query(sql, sql.includes('$1') ? [keyId] : [])).rejects.toThrow(/permission denied/);
    }
  });
});

describe('the file of the master key', () => {
  let stateDir: string;
  beforeAll(async () => {
    stateDir = await mkdtemp(join(tmpdir(), 'grand-livre-vault-'));
  });
  afterAll(() => rm(stateDir, { recursive: true }));

  test('is made once, by however many ask at once, for its owner alone', async () => {
    const path = join(stateDir, 'secrets', 'master.key');
    const keys = await Promise.all(Array.from({ length: 20 }, () => masterKeyFiles(stateDir).make(1)));
    expect(keys[0]).toHaveLength(32);
    expect(new Set(keys.map((key) => key.toString('hex'))).size).toBe(1);
    expect(await readSecretFile(path)).toEqual(keys[0]);
    expect(await masterKeyFiles(stateDir).get(1)).toEqual(keys[0]);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test.each(['', 'not base64 at all', Buffer.alloc(16).toString('base64')])(
    'throws when it holds "%s", and leaves it as it is',
    async (content) => {
      const path = join(stateDir, 'other.key');
      await writeFile(path, content);
      await expect(makeSecretFile(path)).rejects.toThrow(`The secret ${path} does not hold 32 bytes`);
      expect(await readFile(path, 'utf8')).toBe(content);
    },
  );
});
