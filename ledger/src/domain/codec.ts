/** The one way from an event to the JSON text stored in the journal and back. There is one schema version so far. */
import type { LedgerEvent, Metadata, Posting, Postings, Recorded } from './events.ts';

/** What every journal stores: `data` and `metadata` are the exact JSON texts that were written. */
export type StoredEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
};

export const schemaVersion = '1';

export function encode(id: string, event: LedgerEvent, metadata: Metadata): StoredEvent {
  const { type, ...data } = event;
  return { id, type, data: JSON.stringify(withDigits(data)), metadata: JSON.stringify(metadata) };
}

/** Amounts become strings of digits: JSON's numbers are floats. */
function withDigits(
  data: Omit<LedgerEvent, 'type'> & { postings?: Postings; floor?: bigint; amount?: bigint; total?: bigint },
): object {
  const { postings, floor, amount, total } = data;
  if (postings !== undefined) return { ...data, postings: postings.map(toStored) };
  if (amount !== undefined) return { ...data, amount: amount.toString() };
  if (total !== undefined) return { ...data, total: total.toString() };
  return floor === undefined ? data : { ...data, floor: floor.toString() };
}

const toStored = ({ account, amount, version, balance }: Posting): StoredPosting => ({
  account,
  amount: amount.toString(),
  version,
  balance: balance.toString(),
});

/** Thrown for an event this program does not know: it was written by a newer one, or the journal is damaged. */
export class UnknownEvent extends Error {
  override readonly name = 'UnknownEvent';
}

const eventTypes: ReadonlySet<string> = new Set<LedgerEvent['type']>([
  'CustomerRegistered',
  'CustomerErased',
  'AccountOpened',
  'Deposited',
  'Withdrawn',
  'Transferred',
  'EntryImported',
  'EntryReversed',
  'AccountFrozen',
  'AccountUnfrozen',
  'AccountClosed',
  'PinChanged',
  'AccessLocked',
  'AccessUnlocked',
  'CommandDeclined',
  'BatchOrdered',
  'ActionProposed',
  'ActionApproved',
  'ActionRejected',
]);

type StoredData = Readonly<Record<string, unknown>> & {
  readonly postings?: readonly StoredPosting[];
  readonly floor?: string;
  readonly amount?: string;
  readonly total?: string;
};

type StoredPosting = { account: string; amount: string; version: number; balance: string };

/** Decodes a stored event at its position. Throws `UnknownEvent`. */
export function decode(stored: StoredEvent & { readonly position: number }): Recorded {
  const metadata = JSON.parse(stored.metadata) as Metadata;
  if (!eventTypes.has(stored.type) || metadata.schemaVersion !== schemaVersion) {
    throw new UnknownEvent(
      `position ${String(stored.position)} holds ${stored.type} in schema version ${metadata.schemaVersion}, which this program does not know`,
    );
  }
  const data = JSON.parse(stored.data) as StoredData;
  const fields: Record<string, unknown> = { ...data, type: stored.type };
  if (data.postings !== undefined) fields['postings'] = data.postings.map(toPosting);
  if (data.floor !== undefined) fields['floor'] = BigInt(data.floor);
  if (data.amount !== undefined) fields['amount'] = BigInt(data.amount);
  if (data.total !== undefined) fields['total'] = BigInt(data.total);
  return { position: stored.position, id: stored.id, event: fields as unknown as LedgerEvent, metadata };
}

const toPosting = ({ account, amount, version, balance }: StoredPosting): Posting => ({
  account,
  amount: BigInt(amount),
  version,
  balance: BigInt(balance),
});
