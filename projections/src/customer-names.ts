/** Customer names for the search, decrypted from the sealed profiles of the customers a batch registers. */
import type { CustomerId, CustomerRegistered } from '../../ledger/src/domain/events.ts';
import type { Profile } from '../../ledger/src/vault/profile.ts';
import { normaliseName } from './normalise-name.ts';

/** Decrypts a sealed profile; undefined once the customer's key was destroyed. */
export type DecryptProfile = (keyId: string, sealed: string) => Promise<Profile | undefined>;

export type CustomerRow = {
  readonly customer: CustomerId;
  readonly keyId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly search: string;
};

/** A customer whose key was destroyed has no row. */
export async function decryptNames(
  registered: readonly CustomerRegistered[],
  decryptProfile: DecryptProfile,
): Promise<readonly CustomerRow[]> {
  const rows = await Promise.all(
    registered.map(async ({ customer, keyId, profile }) => {
      const decrypted = await decryptProfile(keyId, profile);
      if (decrypted === undefined) return undefined;
      const { firstName, lastName } = decrypted;
      return { customer, keyId, firstName, lastName, search: normaliseName(`${firstName} ${lastName}`) };
    }),
  );
  return rows.filter((row) => row !== undefined);
}
