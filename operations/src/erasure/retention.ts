/** Whether a customer may be erased: nothing open, no money, and the time has passed for which a bank must keep their data. */
import type { AccountState } from '../../../ledger/src/domain/account.ts';
import { formatAmount } from '../../../ledger/src/domain/money.ts';

/** One of the customer's accounts, as it is in the journal. */
export type CustomersAccount = Pick<AccountState, 'account' | 'status' | 'balance' | 'currency'> & {
  /** The bank's civil day, `YYYY-MM-DD`, on which it was closed; undefined while it is not. */
  readonly closedOn: string | undefined;
};

export type Retention = {
  /** How many days after the closing of an account its holder's data are kept. */
  readonly retentionDays: number;
  /** The bank's civil day now. */
  readonly today: string;
};

/** Why one account keeps its holder from being erased. */
export type Obstacle =
  | ({ readonly code: 'not_closed' | 'not_empty' } & Pick<
      CustomersAccount,
      'account' | 'status' | 'balance' | 'currency'
    >)
  | { readonly code: 'kept'; readonly account: string; readonly closedOn: string; readonly keptUntil: string };

/** At most one for each account; none: the customer may be erased. */
export function obstacles(accounts: readonly CustomersAccount[], retention: Retention): readonly Obstacle[] {
  return accounts.flatMap((account) => obstacle(account, retention) ?? []);
}

function obstacle(
  { account, status, balance, currency, closedOn }: CustomersAccount,
  { retentionDays, today }: Retention,
): Obstacle | undefined {
  if (closedOn === undefined) return { code: 'not_closed', account, status, balance, currency };
  // An import may have put money on a closed account.
  if (balance !== 0n) return { code: 'not_empty', account, status, balance, currency };
  const keptUntil = addDays(closedOn, retentionDays);
  return today < keptUntil ? { code: 'kept', account, closedOn, keptUntil } : undefined;
}

function addDays(day: string, days: number): string {
  const date = new Date(`${day}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The sentence for whoever asked for the erasure. */
export function describe(obstacle: Obstacle, timeZone: string): string {
  switch (obstacle.code) {
    case 'not_closed':
    case 'not_empty': {
      const { account, status, balance, currency } = obstacle;
      return `Account ${account} is ${status} and holds ${formatAmount(balance, currency)} ${currency}.`;
    }
    case 'kept': {
      const { account, closedOn, keptUntil } = obstacle;
      return `Account ${account} was closed on ${closedOn}: its holder’s data are kept until ${keptUntil} (RETENTION_DAYS; days in ${timeZone}).`;
    }
  }
}
