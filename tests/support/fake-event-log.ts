/** An event log in memory that speaks as much of EventStoreDB's protocol as a journal uses, and can be set back as by an older backup. */
import type { ServerDuplexStream, ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import grpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import shared from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/shared_pb.js';
import status from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/status_pb.js';
import streams from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import anything from 'google-protobuf/google/protobuf/any_pb.js';

export type FakeEventLog = {
  readonly url: string;
  /** Every stream has at most so many events from now on, and whoever follows is cut off: an older backup was restored. */
  setBack(events: number): void;
  close(): void;
};

type Proposed = BatchAppendReq.ProposedMessage;
const { ReadDirection } = streams.ReadReq.Options;

export async function fakeEventLog(): Promise<FakeEventLog> {
  const logs = new Map<string, Proposed[]>();
  const followers = new Set<ServerWritableStream<ReadReq, ReadResp>>();
  const nameOf = (name: string | Uint8Array | undefined): string => Buffer.from(name ?? '').toString();

  function read(call: ServerWritableStream<ReadReq, ReadResp>): void {
    const options = call.request.getOptions();
    const stream = nameOf(options?.getStream()?.getStreamIdentifier()?.getStreamName_asU8());
    const from = options?.getStream();
    const events = (): readonly Proposed[] => logs.get(stream) ?? [];
    if (options?.hasSubscription() === true) {
      let next = from?.hasRevision() === true ? Number(from.getRevision()) + 1 : 0;
      const push = (): void => {
        for (; next < events().length; next++) call.write(recorded(stream, events()[next], next));
      };
      followers.add(call);
      call.on('appended', push);
      call.on('cancelled', () => followers.delete(call));
      push();
      return;
    }
    const count = Number(options?.getCount());
    const isForward = options?.getReadDirection() === ReadDirection.FORWARDS;
    const length = events().length;
    const start = from?.hasRevision() === true ? Number(from.getRevision()) : from?.hasEnd() === true ? length - 1 : 0;
    for (let n = 0; n < count; n++) {
      const at = isForward ? start + n : start - n;
      if (at < 0 || at >= length) break;
      call.write(recorded(stream, events()[at], at));
    }
    call.end();
  }

  function batchAppend(call: ServerDuplexStream<BatchAppendReq, BatchAppendResp>): void {
    call.on('error', () => undefined);
    call.on('end', () => {
      call.end();
    });
    call.on('data', (request: BatchAppendReq) => {
      const options = request.getOptions();
      const stream = nameOf(options?.getStreamIdentifier()?.getStreamName_asU8());
      const events = logs.get(stream) ?? [];
      const expected = options?.hasNoStream() === true ? 0 : Number(options?.getStreamPosition()) + 1;
      const answer = new streams.BatchAppendResp().setCorrelationId(request.getCorrelationId());
      if (expected === events.length) {
        logs.set(stream, [...events, ...request.getProposedMessagesList()]);
        const revision = String(events.length + request.getProposedMessagesList().length - 1);
        answer.setSuccess(new streams.BatchAppendResp.Success().setCurrentRevision(revision));
        for (const follower of followers) follower.emit('appended');
      } else {
        answer.setError(conflict(events.length));
      }
      call.write(answer);
    });
  }

  const server = new Server();
  const unused = (): never => {
    throw new Error('not part of what a journal asks for');
  };
  const service: UntypedServiceImplementation = {
    read,
    batchAppend,
    append: unused,
    delete: unused,
    tombstone: unused,
  };
  server.addService(grpc.StreamsService, service);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound);
      else reject(error);
    });
  });
  return {
    url: `esdb://127.0.0.1:${String(port)}?tls=false`,
    setBack(count) {
      for (const [stream, events] of logs) logs.set(stream, events.slice(0, count));
      for (const follower of followers) follower.destroy(new Error('the server ended'));
      followers.clear();
    },
    close() {
      server.forceShutdown();
    },
  };
}

function recorded(stream: string, event: Proposed | undefined, revision: number): ReadResp {
  const found = new streams.ReadResp.ReadEvent.RecordedEvent()
    .setId(event?.getId())
    .setStreamIdentifier(new shared.StreamIdentifier().setStreamName(Buffer.from(stream)))
    .setStreamRevision(String(revision))
    .setData(event?.getData_asU8() ?? '')
    .setCustomMetadata(event?.getCustomMetadata_asU8() ?? '');
  found.getMetadataMap().set('type', event?.getMetadataMap().get('type') ?? '');
  return new streams.ReadResp().setEvent(new streams.ReadResp.ReadEvent().setEvent(found));
}

function conflict(length: number): InstanceType<typeof status.Status> {
  const version = new shared.WrongExpectedVersion();
  if (length > 0) version.setCurrentStreamRevision(String(length - 1));
  const details = new anything.Any();
  details.pack(version.serializeBinary(), 'event_store.client.WrongExpectedVersion');
  return new status.Status().setDetails(details);
}
