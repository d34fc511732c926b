/** The vault: each customer's personal data is sealed under a key of its own, and each key under the master key. */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from 'node:crypto';
import type pg from 'pg';
import type { SealedProfile } from '../domain/commands.ts';
import type { Profile } from './profile.ts';

export interface Vault {
  /** The key is stored before this resolves, so that no event ever needs a key that was lost. */
  seal(profile: Profile): Promise<SealedProfile>;
  /** The same for many, with one write for all keys. */
  sealMany(profiles: readonly Profile[]): Promise<readonly SealedProfile[]>;
  /** Undefined once the key was destroyed. Throws when the key is there but does not fit: the data is damaged. */
  open(keyId: string, sealed: string): Promise<Profile | undefined>;
  /** Erases whoever was sealed under this key, for ever. */
  destroy(keyId: string): Promise<void>;
}

const algorithm = 'aes-256-gcm';
const keyBytes = 32;
/** 96-bit nonces and 128-bit tags, as NIST SP 800-38D recommends. */
const nonceBytes = 12;
const tagBytes = 16;
const version = 'v1.';

export function postgresVault({ pool, masterKey }: { readonly pool: pg.Pool; readonly masterKey: Buffer }): Vault {
  async function sealMany(profiles: readonly Profile[]): Promise<readonly SealedProfile[]> {
    const sealed = profiles.map((profile) => {
      const key = randomBytes(keyBytes);
      const keyId = randomUUID();
      const text = encrypt(key, Buffer.from(JSON.stringify(profile)), keyId).toString('base64url');
      return { keyId, wrapped: encrypt(masterKey, key, keyId), profile: version + text };
    });
    await pool.query(
      'insert into vault.customer_keys (key_id, wrapped) select * from unnest($1::uuid[], $2::bytea[])',
      [sealed.map(({ keyId }) => keyId), sealed.map(({ wrapped }) => wrapped)],
    );
    return sealed.map(({ keyId, profile }) => ({ keyId, profile }));
  }

  return {
    async seal(profile) {
      const [sealed] = await sealMany([profile]);
      if (sealed === undefined) throw new Error('one profile gives one sealed profile');
      return sealed;
    },
    sealMany,
    async open(keyId, sealed) {
      const { rows } = await pool.query<{ wrapped: Buffer }>({
        name: 'vault_key',
        text: 'select wrapped from vault.customer_keys where key_id = $1',
        values: [keyId],
      });
      const wrapped = rows[0]?.wrapped;
      if (wrapped === undefined) return undefined;
      if (!sealed.startsWith(version)) throw new Error(`the profile under key ${keyId} is sealed in an unknown way`);
      const key = decrypt(masterKey, wrapped, keyId);
      const text = decrypt(key, Buffer.from(sealed.slice(version.length), 'base64url'), keyId);
      return JSON.parse(text.toString()) as Profile;
    },
    async destroy(keyId) {
      await pool.query('delete from vault.customer_keys where key_id = $1', [keyId]);
    },
  };
}

/** Nonce, ciphertext, tag; bound to the key's id, so that nothing sealed for one customer opens as another's. */
function encrypt(key: Buffer, plain: Buffer, keyId: string): Buffer {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv(algorithm, key, nonce);
  cipher.setAAD(Buffer.from(keyId));
  return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, keyId: string): Buffer {
  const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
  decipher.setAAD(Buffer.from(keyId));
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
}
