/** Every way the bank says no to a command it understood: values of one closed union, never exceptions. */

import type { UnreadableReason } from './unreadable-event.ts';

export const rejectionCodes = [
  'own_proposal',
  'proposal_expired',
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
  'cash_limit_exceeded',
] as const;

/** In the order of precedence: where several apply, the earliest is the answer. */
export type RejectionCode = (typeof rejectionCodes)[number];

export type Rejection = {
  readonly code: RejectionCode;
  /** The account's or customer's number the rejection is about, where there is one. */
  readonly account?: string;
};

/** What the bookkeeper rejects by itself, before the domain is asked. */
export type BookkeeperRejection =
  | { readonly code: 'idempotency_key_reused' }
  /** The queue is full or the read model too far behind: nothing was done, try again later. */
  | { readonly code: 'overloaded'; readonly retryAfterSeconds: number }
  /** The journal cannot be reached: this command was never sent there. Whether an earlier one with its key was, its key will tell. */
  | { readonly code: 'unavailable'; readonly retryAfterSeconds: number }
  /** The journal holds an event that cannot be read, and nothing is decided without it: this command was never sent there. */
  | {
      readonly code: 'event_unreadable';
      readonly position: number;
      readonly reason: UnreadableReason;
      readonly retryAfterSeconds: number;
    };
