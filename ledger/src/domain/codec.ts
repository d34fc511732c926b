/** The one way from an event to the JSON text stored in the journal and back, from earlier schema versions too. */
import { fitsType, isKnownType, isMetadata } from './event-shapes.ts';
import type { LedgerEvent, Metadata, Posting, Postings, Recorded } from './events.ts';
import { UnreadableEvent } from './unreadable-event.ts';
import { upcast } from './upcast.ts';

/** What every journal stores: `data` and `metadata` are the exact JSON texts that were written. */
export type StoredEvent = {
  readonly id: string;
  readonly type: string;
  readonly data: string;
  readonly metadata: string;
};

/** Of every type of event whose fields have not changed since. */
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

type StoredData = Readonly<Record<string, unknown>> & {
  readonly postings?: readonly StoredPosting[];
  readonly floor?: string;
  readonly amount?: string;
  readonly total?: string;
};

type StoredPosting = { account: string; amount: string; version: number; balance: string };

/** Decodes a stored event at its position, whichever schema version it was written in. Throws `UnreadableEvent`. */
export function decode({ position, id, type, ...stored }: StoredEvent & { readonly position: number }): Recorded {
  const [metadata, written] = [parse(stored.metadata), parse(stored.data)];
  if (metadata === undefined || written === undefined) throw new UnreadableEvent(position, 'not_json');
  if (!isKnownType(type)) throw new UnreadableEvent(position, 'unknown_type');
  if (!isMetadata(metadata)) throw new UnreadableEvent(position, 'wrong_shape');
  const data = upcast(type, metadata['schemaVersion'], written) as StoredData | undefined;
  if (data === undefined) throw new UnreadableEvent(position, 'unknown_version');
  if (!fitsType(type, data)) throw new UnreadableEvent(position, 'wrong_shape');
  const fields: Record<string, unknown> = { ...data, type };
  if (data.postings !== undefined) fields['postings'] = data.postings.map(toPosting);
  if (data.floor !== undefined) fields['floor'] = BigInt(data.floor);
  if (data.amount !== undefined) fields['amount'] = BigInt(data.amount);
  if (data.total !== undefined) fields['total'] = BigInt(data.total);
  return { position, id, event: fields as unknown as LedgerEvent, metadata: metadata as unknown as Metadata };
}

/** The object that a JSON text holds; undefined where it is no JSON, or another value. */
function parse(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : undefined;
  } catch {
    return undefined;
  }
}

const toPosting = ({ account, amount, version, balance }: StoredPosting): Posting => ({
  account,
  amount: BigInt(amount),
  version,
  balance: BigInt(balance),
});
