/** Customer names for the search, decrypted from the sealed profiles of the customers a batch registers. */
import type { CustomerId, CustomerRegistered } from '../../ledger/src/domain/events.ts';
import type { SealedProfile } from '../../ledger/src/domain/commands.ts';
import type { Profile } from '../../ledger/src/vault/profile.ts';
import { normaliseName } from './normalise-name.ts';

/** Decrypts sealed profiles, in their order and with one look-up for all keys; undefined where the customer's key was destroyed. */
export type DecryptProfiles = (sealed: readonly SealedProfile[]) => Promise<readonly (Profile | undefined)[]>;

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
  decryptProfiles: DecryptProfiles,
): Promise<readonly CustomerRow[]> {
  if (registered.length === 0) return [];
  const profiles = await decryptProfiles(registered);
  return registered.flatMap(({ customer, keyId }, index) => {
    const decrypted = profiles[index];
    if (decrypted === undefined) return [];
    const { firstName, lastName } = decrypted;
    return [{ customer, keyId, firstName, lastName, search: normaliseName(`${firstName} ${lastName}`) }];
  });
}
