/** A small bank for tests: commands in, decided by the domain, events out as the journal would have them. */
import type { AccountState } from '../../ledger/src/domain/account.ts';
import { accountsOf, evolveAccount, isCustomerAccount } from '../../ledger/src/domain/account.ts';
import { schemaVersion } from '../../ledger/src/domain/codec.ts';
import type { Command } from '../../ledger/src/domain/commands.ts';
import { decide, isRejection } from '../../ledger/src/domain/decide.ts';
import type { AccountId, AccountType, Metadata, Recorded } from '../../ledger/src/domain/events.ts';
import type { Profile } from '../../ledger/src/vault/profile.ts';
import type { DecryptProfiles } from '../src/customer-names.ts';

export type TestBank = {
  readonly recorded: readonly Recorded[];
  readonly accounts: ReadonlyMap<AccountId, AccountState>;
  /** False when the domain rejects the command. */
  do(command: Command, metadata?: Partial<Metadata>): boolean;
  /** Opens an account for a new customer and gives its number. */
  open(holder: Pick<Profile, 'firstName' | 'lastName'>, accountType?: AccountType): AccountId;
  deposit(account: AccountId, amount: bigint): boolean;
  transfer(from: AccountId, to: AccountId, amount: bigint, reference?: string): boolean;
};

/** The sealed profile of a test is the profile itself. */
export const decryptProfiles: DecryptProfiles = (sealed) =>
  Promise.resolve(sealed.map(({ profile }) => JSON.parse(profile) as Profile));

const keyOf = (customer: number): string => `00000000-0000-4000-9000-${String(customer).padStart(12, '0')}`;

export function testBank(): TestBank {
  const recorded: Recorded[] = [];
  const accounts = new Map<AccountId, AccountState>();
  const customers = new Set<string>();
  const reversed = new Set<number>();

  const bank: TestBank = {
    recorded,
    accounts,
    do(command, given = {}) {
      const events = decide(
        {
          account: (account) => accounts.get(account),
          hasCustomer: (customer) => customers.has(customer),
          isReversed: (position) => reversed.has(position),
          nextAccount: () => String([...accounts.keys()].filter(isCustomerAccount).length + 1),
          nextCustomer: () => String(customers.size + 1),
        },
        command,
      );
      if (isRejection(events)) return false;
      const metadata = { ...defaults(recorded.length + 1), ...given };
      for (const event of events) {
        const position = recorded.length + 1;
        recorded.push({ position, id: idOf(position), event, metadata });
        if (event.type === 'CustomerRegistered') customers.add(event.customer);
        if (event.type === 'EntryReversed') reversed.add(event.reversedPosition);
        for (const account of accountsOf(event)) {
          const state = evolveAccount(accounts.get(account), account, event);
          if (state !== undefined) accounts.set(account, state);
        }
      }
      return true;
    },
    open(names, accountType = 'current') {
      const profile: Profile = { ...names, address: '1 rue du Pont', postalCode: '10000', city: 'Troyes' };
      const customer = { keyId: keyOf(customers.size + 1), profile: JSON.stringify(profile) };
      bank.do({ type: 'OpenAccount', customer, accountType, currency: 'EUR', floor: 0n });
      return String([...accounts.keys()].filter(isCustomerAccount).length);
    },
    deposit: (account, amount) => bank.do({ type: 'Deposit', account, amount, currency: 'EUR', terminal: 'ATM-1' }),
    transfer: (from, to, amount, reference) =>
      bank.do({ type: 'Transfer', from, to, amount, currency: 'EUR', ...(reference !== undefined && { reference }) }),
  };
  return bank;
}

const idOf = (position: number): string => `00000000-0000-4000-8000-${String(position).padStart(12, '0')}`;

const defaults = (position: number): Metadata => ({
  commandId: `command-${String(position)}`,
  requestHash: 'hash',
  actor: 'test',
  terminal: 'ATM-1',
  recordedAt: new Date(Date.UTC(2026, 2, 1) + position * 1000).toISOString(),
  valueDate: '2026-03-01',
  correlationId: 'correlation',
  schemaVersion,
});
