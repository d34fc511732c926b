/** Holders' names for the search, out of the sealed profiles of the customers a batch registers. */
import type { CustomerId, CustomerRegistered } from '../../ledger/src/domain/events.ts';
import type { Profile } from '../../ledger/src/vault/profile.ts';
import { foldName } from './fold-name.ts';

/** The vault's way to open a sealed profile; undefined once the customer's key was destroyed. */
export type OpenProfile = (keyId: string, sealed: string) => Promise<Profile | undefined>;

export type CustomerRow = {
  readonly customer: CustomerId;
  readonly keyId: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly search: string;
};

/** Whose key was destroyed has no row. */
export async function openHolders(
  registered: readonly CustomerRegistered[],
  openProfile: OpenProfile,
): Promise<readonly CustomerRow[]> {
  const rows = await Promise.all(
    registered.map(async ({ customer, keyId, profile }) => {
      const opened = await openProfile(keyId, profile);
      if (opened === undefined) return undefined;
      const { firstName, lastName } = opened;
      return { customer, keyId, firstName, lastName, search: foldName(`${firstName} ${lastName}`) };
    }),
  );
  return rows.filter((row) => row !== undefined);
}
