/** Every way the bank says no to a command it understood: values of one closed union, never exceptions. */
import type { AccountId } from './events.ts';

export const rejectionCodes = [
  'amount_not_positive',
  'limit_exceeded',
  'same_account',
  'account_not_found',
  'destination_not_found',
  'customer_not_found',
  'account_exists',
  'customer_exists',
  'entry_already_reversed',
  'currency_mismatch',
  'account_closed',
  'account_frozen',
  'account_not_frozen',
  'account_not_empty',
  'insufficient_funds',
] as const;

/** In the order of precedence: where several apply, the earliest is the answer. */
export type RejectionCode = (typeof rejectionCodes)[number];

export type Rejection = {
  readonly code: RejectionCode;
  /** The account (or customer) the rejection is about, where there is one. */
  readonly account?: AccountId;
};
