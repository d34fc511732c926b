/** Compares the names for the search with the sealed profiles of the journal, where the customer's key still exists. */
import type pg from 'pg';
import { LargeSet } from '../../../ledger/src/large-map.ts';
import type { CustomerId, CustomerRegistered, Recorded } from '../../../ledger/src/domain/events.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Vault } from '../../../ledger/src/vault/vault.ts';
import { normaliseName } from '../../../projections/src/normalise-name.ts';
import type { Differ } from './difference.ts';

export interface CustomerComparison {
  compare(events: readonly Recorded[]): Promise<void>;
  /** Of customers whom no event up to here registered: they may have been since. */
  findUnknown(signal: AbortSignal): Promise<void>;
  /** Takes what came later; who is still unknown then is too many. */
  settleUnknown(later: readonly Recorded[]): void;
  reportUnknown(): void;
}

const table = 'customers';
const pageSize = 2_000;

type Names = { readonly first_name: string | null; readonly last_name: string | null; readonly search: string | null };
type Stored = Names & { readonly n: string; readonly has_key: boolean; readonly key_id: string | null };

const registrations = (events: readonly Recorded[]): readonly CustomerRegistered[] =>
  events.flatMap(({ event }) => (event.type === 'CustomerRegistered' ? [event] : []));

/** No difference says a name: what is stored with a verification outlives the customer's key. */
export function compareCustomers(
  { reader, vault }: { readonly reader: Pick<pg.Pool, 'query'>; readonly vault: Pick<Vault, 'openMany'> },
  differ: Differ,
): CustomerComparison {
  const known = new LargeSet<CustomerId>();
  const unknown = new Set<CustomerId>();

  function compareOne({ customer, keyId }: CustomerRegistered, expected: Names, found: Stored): void {
    if (found.key_id === null) {
      differ({ table, key: customer, journal: 'a registered customer' });
      return;
    }
    if (found.key_id !== keyId) {
      differ({ table, key: customer, column: 'key_id', journal: keyId, readModel: found.key_id });
    }
    for (const column of ['first_name', 'last_name', 'search'] as const) {
      if (found[column] === expected[column]) continue;
      differ({ table, key: customer, column, journal: 'the registered name', readModel: 'another text' });
    }
  }

  /** One that is damaged, or whose key is, leaves the others as they are. */
  async function openEach(registered: readonly CustomerRegistered[]): Promise<Awaited<ReturnType<Vault['openMany']>>> {
    const profiles: Awaited<ReturnType<Vault['openMany']>>[number][] = [];
    for (const one of registered) {
      try {
        profiles.push(...(await vault.openMany([one])));
      } catch (error) {
        if (error instanceof Failure) throw error;
        // Rejects where it is the database that does not answer.
        await vault.openMany([]);
        differ({ table, key: one.customer, column: 'profile', journal: 'does not open with the customer’s key' });
        profiles.push(undefined);
      }
    }
    return profiles;
  }

  return {
    async compare(events) {
      const registered = registrations(events);
      if (registered.length === 0) return;
      for (const { customer } of registered) known.add(customer);
      const { rows } = await reader.query<Stored>({
        name: 'verify_customers',
        text: `select n, k.key_id is not null as has_key, c.key_id, first_name, last_name, search
               from unnest($1::text[], $2::uuid[]) with ordinality as wanted (customer, key_id, n)
                 left join vault.customer_keys k on k.key_id = wanted.key_id
                 left join read.customers c on c.customer = wanted.customer collate "C"`,
        values: [registered.map(({ customer }) => customer), registered.map(({ keyId }) => keyId)],
      });
      // Whose key is destroyed between the two statements is not compared.
      const profiles = await vault.openMany(registered).catch(() => openEach(registered));
      for (const found of rows) {
        const at = Number(found.n) - 1;
        const [event, profile] = [registered[at], profiles[at]];
        if (event === undefined || !found.has_key || profile === undefined) continue;
        const { firstName, lastName } = profile;
        const search = normaliseName(`${firstName} ${lastName}`);
        compareOne(event, { first_name: firstName, last_name: lastName, search }, found);
      }
    },

    async findUnknown(signal) {
      for (let after: string | undefined = ''; after !== undefined;) {
        signal.throwIfAborted();
        const page: pg.QueryResult<{ customer: string }> = await reader.query({
          name: 'verify_customer_names',
          text: 'select customer from read.customers where customer > $1 order by customer limit $2',
          values: [after, pageSize],
        });
        for (const { customer } of page.rows) if (!known.has(customer)) unknown.add(customer);
        after = page.rows.at(-1)?.customer;
      }
    },
    settleUnknown(later) {
      for (const { customer } of registrations(later)) unknown.delete(customer);
    },
    reportUnknown() {
      for (const customer of unknown) differ({ table, key: customer, readModel: 'a customer' });
    },
  };
}
