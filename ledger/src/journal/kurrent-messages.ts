/** What goes over the wire to EventStoreDB and KurrentDB, and what comes back: events and positions as messages. */
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import type { UUID } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import empties from 'google-protobuf/google/protobuf/empty_pb.js';
import timestamps from 'google-protobuf/google/protobuf/timestamp_pb.js';
import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { StoredEvent } from '../domain/codec.ts';
import type { JournalEvent } from './journal.ts';

export type AppendAnswer =
  | { readonly appended: true; readonly head: number }
  /** `head` is 0 where the stream does not exist. */
  | { readonly appended: false; readonly head: number }
  /** Nothing was written: the server takes no more bytes than these at once. */
  | { readonly appended: 'too large'; readonly largestBytes: number };

const nothing = (): InstanceType<typeof shared.Empty> => new shared.Empty();
const { ReadDirection } = streams.ReadReq.Options;

export function appendRequest(append: {
  readonly stream: string;
  readonly events: readonly StoredEvent[];
  readonly after: number;
  readonly deadlineMs: number;
}): { readonly id: string; readonly request: BatchAppendReq } {
  const id = randomUUID();
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(identifier(append.stream));
  options.setDeadline21100(timestamps.Timestamp.fromDate(new Date(Date.now() + append.deadlineMs)));
  // A stream's first revision is 0, the journal's first position 1.
  if (append.after === 0) options.setNoStream(new empties.Empty());
  else options.setStreamPosition(String(append.after - 1));
  const request = new streams.BatchAppendReq();
  request.setCorrelationId(uuid(id));
  request.setOptions(options);
  request.setProposedMessagesList(append.events.map(proposed));
  request.setIsFinal(true);
  return { id, request };
}

function proposed({ id, type, data, metadata }: StoredEvent): BatchAppendReq.ProposedMessage {
  const message = new streams.BatchAppendReq.ProposedMessage();
  message.setId(uuid(id));
  message.getMetadataMap().set('type', type).set('content-type', 'application/json');
  message.setData(Buffer.from(data));
  message.setCustomMetadata(Buffer.from(metadata));
  return message;
}

/** An `Error` when the server could not do what was asked. */
export function appendAnswer(response: BatchAppendResp): AppendAnswer | Error {
  const success = response.getSuccess();
  if (success !== undefined) return { appended: true, head: Number(success.getCurrentRevision()) + 1 };
  const status = response.getError();
  const details = status?.getDetails();
  const name = details?.getTypeName() ?? '';
  if (name === 'event_store.client.WrongExpectedVersion') {
    const conflict = details?.unpack((bytes) => shared.WrongExpectedVersion.deserializeBinary(bytes), name);
    const exists = conflict?.hasCurrentStreamRevision() === true;
    return { appended: false, head: exists ? Number(conflict.getCurrentStreamRevision()) + 1 : 0 };
  }
  if (name === 'event_store.client.MaximumAppendSizeExceeded') {
    const exceeded = details?.unpack((bytes) => shared.MaximumAppendSizeExceeded.deserializeBinary(bytes), name);
    return { appended: 'too large', largestBytes: exceeded?.getMaxappendsize() ?? 0 };
  }
  const reason = name.split('.').at(-1) ?? '';
  return new Error(`the server rejected an append: ${reason} ${status?.getMessage() ?? ''}`.trimEnd());
}

export const correlationOf = (response: BatchAppendResp): string => idOf(response.getCorrelationId());

/** `limit: 'endless'` follows: then `from` is the last position that is not wanted. */
export function readRequest(range: {
  readonly stream: string;
  readonly from: number | 'end';
  readonly limit: number | 'endless';
  readonly direction: 'forward' | 'backward';
}): ReadReq {
  const position = new streams.ReadReq.Options.StreamOptions();
  position.setStreamIdentifier(identifier(range.stream));
  if (range.from === 'end') position.setEnd(nothing());
  else if (range.from === 0) position.setStart(nothing());
  else position.setRevision(String(range.from - 1));
  const ids = new streams.ReadReq.Options.UUIDOption();
  ids.setString(nothing());
  const options = new streams.ReadReq.Options();
  options.setStream(position);
  options.setResolveLinks(false);
  options.setUuidOption(ids);
  options.setNoFilter(nothing());
  options.setReadDirection(range.direction === 'forward' ? ReadDirection.FORWARDS : ReadDirection.BACKWARDS);
  if (range.limit === 'endless') options.setSubscription(new streams.ReadReq.Options.SubscriptionOptions());
  else options.setCount(String(range.limit));
  const request = new streams.ReadReq();
  request.setOptions(options);
  return request;
}

/** Undefined for what is no event, such as the news that the stream does not exist. */
export function eventOf(response: ReadResp): JournalEvent | undefined {
  const event = response.getEvent()?.getEvent();
  if (event === undefined) return undefined;
  return {
    position: Number(event.getStreamRevision()) + 1,
    id: idOf(event.getId()),
    type: event.getMetadataMap().get('type') ?? '',
    data: text(event.getData_asU8()),
    metadata: text(event.getCustomMetadata_asU8()),
  };
}

/** Bytes that are no UTF-8 become text that is no JSON, whatever they are: so the codec says what is wrong. */
function text(bytes: Uint8Array): string {
  const read = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  return isUtf8(bytes) ? read : `\uFFFD${read}`;
}

function identifier(name: string): InstanceType<typeof shared.StreamIdentifier> {
  const stream = new shared.StreamIdentifier();
  stream.setStreamName(Buffer.from(name));
  return stream;
}

function uuid(id: string): UUID {
  const message = new shared.UUID();
  message.setString(id);
  return message;
}

/** As text, or as two signed halves, as the server likes. */
function idOf(id: UUID | undefined): string {
  const halves = id?.getStructured();
  if (halves === undefined) return id?.getString() ?? '';
  const hex = [halves.getMostSignificantBits(), halves.getLeastSignificantBits()]
    .map((half) => BigInt.asUintN(64, BigInt(half)).toString(16).padStart(16, '0'))
    .join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
