/** The vault: each customer's personal data is sealed under a key of its own, and each key under the master key. */
import { randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { SealedProfile } from '../domain/commands.ts';
import type { MasterKeys } from './master-keys.ts';
import { currentGeneration } from './master-keys.ts';
import type { Profile } from './profile.ts';
import { seal, unseal } from './seal.ts';

export interface Vault {
  /** The key is stored before this resolves, so that no event ever needs a key that was lost. */
  seal(profile: Profile): Promise<SealedProfile>;
  /** The same for many, with one write for all keys. */
  sealMany(profiles: readonly Profile[]): Promise<readonly SealedProfile[]>;
  /** Undefined once the key was destroyed. Throws when the key is there but does not fit: the data is damaged. */
  open(keyId: string, sealed: string): Promise<Profile | undefined>;
  /** The same for many, in their order, with one look-up for all keys. */
  openMany(sealed: readonly SealedProfile[]): Promise<readonly (Profile | undefined)[]>;
  /** Erases whoever was sealed under this key, for ever. */
  destroy(keyId: string): Promise<void>;
}

const keyBytes = 32;
const version = 'v1.';

/** PostgreSQL's code for a reference to what is not there. */
const isRetired = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === '23503';

export function postgresVault({
  pool,
  masterKeys,
}: {
  readonly pool: pg.Pool;
  readonly masterKeys: Pick<MasterKeys, 'get'>;
}): Vault {
  let generation: number | undefined;

  /** Under the generation this server knows; when that was retired meanwhile, once more under the one of now. */
  async function store(keys: readonly { readonly keyId: string; readonly key: Buffer }[]): Promise<void> {
    for (let again = false; ; again = true) {
      generation ??= await currentGeneration(pool);
      const masterKey = await masterKeys.get(generation);
      try {
        await pool.query(
          `insert into vault.customer_keys (key_id, wrapped, generation)
           select key_id, wrapped, $3 from unnest($1::uuid[], $2::bytea[]) as made (key_id, wrapped)`,
          [keys.map(({ keyId }) => keyId), keys.map(({ keyId, key }) => seal(masterKey, key, keyId)), generation],
        );
        return;
      } catch (error) {
        if (again || !isRetired(error)) throw error;
        generation = undefined;
      }
    }
  }

  async function sealMany(profiles: readonly Profile[]): Promise<readonly SealedProfile[]> {
    const sealed = profiles.map((profile) => {
      const key = randomBytes(keyBytes);
      const keyId = randomUUID();
      const text = seal(key, Buffer.from(JSON.stringify(profile)), keyId).toString('base64url');
      return { keyId, key, profile: version + text };
    });
    await store(sealed);
    return sealed.map(({ keyId, profile }) => ({ keyId, profile }));
  }

  async function openMany(sealed: readonly SealedProfile[]): Promise<readonly (Profile | undefined)[]> {
    const { rows } = await pool.query<{ keyId: string; wrapped: Buffer; generation: number }>({
      name: 'vault_keys',
      text: 'select key_id as "keyId", wrapped, generation from vault.customer_keys where key_id = any ($1::uuid[])',
      values: [sealed.map(({ keyId }) => keyId)],
    });
    const keys = new Map(rows.map((row) => [row.keyId, row]));
    return Promise.all(
      sealed.map(async ({ keyId, profile }) => {
        const found = keys.get(keyId);
        if (found === undefined) return undefined;
        if (!profile.startsWith(version)) throw new Error(`the profile under key ${keyId} is sealed in an unknown way`);
        const key = unseal(await masterKeys.get(found.generation), found.wrapped, keyId);
        const text = unseal(key, Buffer.from(profile.slice(version.length), 'base64url'), keyId);
        return JSON.parse(text.toString()) as Profile;
      }),
    );
  }

  return {
    async seal(profile) {
      const [sealed] = await sealMany([profile]);
      if (sealed === undefined) throw new Error('one profile gives one sealed profile');
      return sealed;
    },
    sealMany,
    async open(keyId, sealed) {
      const [profile] = await openMany([{ keyId, profile: sealed }]);
      return profile;
    },
    openMany,
    async destroy(keyId) {
      await pool.query('delete from vault.customer_keys where key_id = $1', [keyId]);
    },
  };
}

/** A customer's key, wrapped under one master key, wrapped under another. Bound to the key's id. */
export const rewrap = (from: Buffer, to: Buffer, keyId: string, wrapped: Buffer): Buffer =>
  seal(to, unseal(from, wrapped, keyId), keyId);
