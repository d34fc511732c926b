/** The one way from an event to the JSON text kept in the journal and back; reading brings old versions up to date. */
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

/** Sums become strings of digits: JSON's numbers are floats. */
function withDigits(data: Omit<LedgerEvent, 'type'> & { postings?: Postings; floor?: bigint }): object {
  const { postings, floor } = data;
  if (postings !== undefined) return { ...data, postings: postings.map(toStored) };
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
]);

type StoredPosting = { account: string; amount: string; version: number; balance: string };

/** Decodes a stored event at its position. Throws `UnknownEvent`. */
export function decode(stored: StoredEvent & { readonly position: number }): Recorded {
  const metadata = JSON.parse(stored.metadata) as Metadata;
  if (!eventTypes.has(stored.type) || metadata.schemaVersion !== schemaVersion) {
    throw new UnknownEvent(
      `position ${String(stored.position)} holds ${stored.type} in schema version ${metadata.schemaVersion}, which this program does not know`,
    );
  }
  const data = JSON.parse(stored.data) as Record<string, unknown> & { postings?: StoredPosting[]; floor?: string };
  const fields: Record<string, unknown> = { ...data, type: stored.type };
  if (data.postings !== undefined) fields['postings'] = data.postings.map(toPosting);
  if (data.floor !== undefined) fields['floor'] = BigInt(data.floor);
  return { position: stored.position, id: stored.id, event: fields as unknown as LedgerEvent, metadata };
}

const toPosting = ({ account, amount, version, balance }: StoredPosting): Posting => ({
  account,
  amount: BigInt(amount),
  version,
  balance: BigInt(balance),
});
