/** Every request the bank decides on: a closed union, in the imperative. */
import type { AccountId, AccountType, CustomerId, Postings } from './events.ts';
import type { Currency } from './money.ts';

type OnAccount = { readonly account: AccountId };
type WithReason = OnAccount & { readonly reason: string };

/** A profile that was sealed before the command was made; the bank never sees it in clear. */
export type SealedProfile = { readonly keyId: string; readonly profile: string };

export type Command =
  | ({ readonly type: 'RegisterCustomer'; readonly customer: CustomerId } & SealedProfile)
  | { readonly type: 'EraseCustomer'; readonly customer: CustomerId; readonly reason: string }
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
  | ({ readonly type: 'Deposit' | 'Withdraw'; readonly terminal: string } & OnAccount & Sum)
  | ({
      readonly type: 'Transfer';
      readonly from: AccountId;
      readonly to: AccountId;
      readonly reference?: string;
    } & Sum)
  | ({
      readonly type: 'ImportEntry';
      /** Where the history comes from: the other side is the account `external:<source>`. */
      readonly source: string;
      readonly label: string;
    } & OnAccount &
      Sum)
  | {
      readonly type: 'ReverseEntry';
      /** The money event to undo: its position and its postings, as the journal has them. */
      readonly position: number;
      readonly postings: Postings;
      readonly currency: Currency;
      readonly reason: string;
    }
  | ({ readonly type: 'FreezeAccount' | 'UnfreezeAccount' | 'CloseAccount' | 'UnlockAccess' } & WithReason)
  | ({ readonly type: 'RecordPinChange' } & OnAccount)
  | ({ readonly type: 'LockAccess'; readonly until: string } & OnAccount);

/** An amount in minor units: positive, save in `ImportEntry`, where its sign is the entry's. */
type Sum = { readonly amount: bigint; readonly currency: Currency };
