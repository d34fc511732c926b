/** Every request the bank decides on: a closed union, in the imperative. */
import type {
  AccountId,
  AccountType,
  ActionProposed,
  BatchOrdered,
  CustomerId,
  Postings,
  VerificationEnded,
} from './events.ts';
import type { Currency } from './money.ts';

type OnAccount = { readonly account: AccountId };
type WithReason = OnAccount & { readonly reason: string };

/** A profile that was sealed before the command was made; the bank never sees it in clear. */
export type SealedProfile = { readonly keyId: string; readonly profile: string };

export type Command =
  | ({ readonly type: 'RegisterCustomer'; readonly customer: CustomerId } & SealedProfile)
  | {
      readonly type: 'EraseCustomer';
      readonly customer: CustomerId;
      readonly reason: string;
      /** Although accounts are open, hold money, or were closed too recently. */
      readonly forced?: true;
    }
  | {
      readonly type: 'OpenAccount';
      /** The number to open; without it the bank gives the next free one. */
      readonly account?: AccountId;
      /** A customer the bank knows, or the sealed profile of a new one. */
      readonly customer: CustomerId | SealedProfile;
      readonly accountType: AccountType;
      readonly currency: Currency;
      /** The lowest balance withdrawals and transfers may leave, in minor units. */
      readonly floor: bigint;
    }
  | ({ readonly type: 'Deposit' | 'Withdraw'; readonly terminal: string } & OnAccount & Amount)
  | ({
      readonly type: 'Transfer';
      readonly from: AccountId;
      readonly to: AccountId;
      readonly reference?: string;
    } & Amount)
  | ({
      readonly type: 'ImportEntry';
      /** Where the history comes from: the other side is the account `external:<source>`. */
      readonly source: string;
      readonly label: string;
    } & OnAccount &
      Amount)
  | {
      readonly type: 'ReverseEntry';
      /** The money event to undo: its position and its postings, as the journal has them. */
      readonly position: number;
      readonly postings: Postings;
      readonly currency: Currency;
      readonly reason: string;
    }
  | ({ readonly type: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess' } & WithReason)
  | ({
      readonly type: 'RecordPinChange';
      /** An operator's, who reset it. */
      readonly reason?: string;
    } & OnAccount)
  | ({ readonly type: 'LockAccess'; readonly until: string } & OnAccount)
  | ({ readonly type: 'OrderBatch' } & Omit<BatchOrdered, 'type'>)
  | ({ readonly type: 'ProposeAction' } & Omit<ActionProposed, 'type'>)
  | ({ readonly type: 'ApproveAction' } & Deciding)
  | ({ readonly type: 'RejectAction'; readonly reason: string } & Deciding)
  | ({ readonly type: 'RecordVerification' } & Omit<VerificationEnded, 'type'>);

/**
 * A decision on a proposal, whose facts are as the journal has them. Its command id is the proposal's own: there is one
 * decision on each.
 */
type Deciding = {
  readonly proposal: Pick<ActionProposed, 'proposal' | 'proposer' | 'expiresAt'>;
  /** The user name of the operator who decides, and when; as `expiresAt` in UTC with milliseconds, so that text sorts as time. */
  readonly by: string;
  readonly at: string;
};

/** An amount in minor units: positive, save in `ImportEntry`, where its sign is the entry's. */
type Amount = { readonly amount: bigint; readonly currency: Currency };
