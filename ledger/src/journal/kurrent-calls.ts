/** The three calls a journal makes of EventStoreDB and KurrentDB: one batch appended, a range read, a stream followed. */
import type {
  ClientDuplexStream,
  ClientReadableStream,
  CallOptions,
  ChannelCredentials,
  ChannelOptions,
} from '@grpc/grpc-js';
import { Channel, Metadata, status } from '@grpc/grpc-js';
import { KurrentDBClient } from '@kurrent/kurrentdb-client';
import grpc from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type { StreamsClient } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_grpc_pb.js';
import type {
  BatchAppendReq,
  BatchAppendResp,
  ReadReq,
  ReadResp,
} from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { StoredEvent } from '../domain/codec.ts';
import type { AppendAnswer } from './kurrent-messages.ts';
import { appendAnswer, appendRequest, correlationOf, eventOf, readRequest } from './kurrent-messages.ts';
import type { GivenUp } from './given-up.ts';
import type { JournalEvent } from './journal.ts';

export type KurrentCalls = {
  append(events: readonly StoredEvent[], options: { readonly after: number } & GivenUp): Promise<AppendAnswer>;
  /** `from` is a position, or the end of the stream. A stream that does not exist is empty. */
  read(
    options: {
      readonly from: number | 'end';
      readonly limit: number;
      readonly direction: 'forward' | 'backward';
    } & GivenUp,
  ): Promise<readonly JournalEvent[]>;
  /** Every event after `after`, as it comes; ends with an error, or when it is cancelled. */
  subscribe(after: number): Promise<ClientReadableStream<ReadResp>>;
  close(): Promise<void>;
};

/** A server that hangs would hold an append for much longer than its own deadline (seen; 10 s is a judgement). */
const answerWithinMs = 10_000;

/**
 * Of a call that was given up. The client makes a new channel after this error, but not after a deadline of gRPC's or a
 * call that was cancelled: it would keep the channel that may lead nowhere, and each later call wait in vain (seen).
 */
function unanswered(what: string): Error {
  const details = `the server did not answer ${what} within ${String(answerWithinMs)} ms, or nobody waited so long`;
  return Object.assign(new Error(details), { code: status.UNAVAILABLE, details, metadata: new Metadata() });
}

/** Calls `giveUp` once nobody waits any more or the time is over; gives what ends that. */
function whenGivenUp(signal: AbortSignal | undefined, giveUp: () => void): () => void {
  const timeout = setTimeout(giveUp, answerWithinMs);
  signal?.addEventListener('abort', giveUp);
  if (signal?.aborted === true) giveUp();
  return () => {
    clearTimeout(timeout);
    signal?.removeEventListener('abort', giveUp);
  };
}

/**
 * What the client keeps protected, and does well: finding the leader, TLS, credentials, a new channel after an error.
 * Its own append and read turn every event into an object and back; here an event stays the bytes that are stored
 * (why, and how much it gains: docs/decisions/kurrentdb.md). The client's version is pinned.
 */
type Inside = {
  createChannel: () => Promise<Channel>;
  execute<T>(service: typeof StreamsClient, name: string, action: (client: StreamsClient) => Promise<T>): Promise<T>;
  GRPCStreamCreator<T>(
    service: typeof StreamsClient,
    name: string,
    create: (client: StreamsClient) => T,
    cache?: WeakMap<StreamsClient, T>,
  ): () => Promise<T>;
  callArguments(
    options: { readonly requiresLeader?: boolean },
    callOptions?: CallOptions,
  ): [metadata: Metadata, options: CallOptions];
};

/** What gRPC keeps of how a channel was made; its own type hides it. */
type MadeChannel = {
  readonly internalChannel: { readonly credentials: ChannelCredentials; readonly options: ChannelOptions };
  getTarget(): string;
};

/**
 * A new channel has connections of its own. By gRPC's default it shares them with the channel before, also one whose
 * peer has vanished: reads that give up after their time would use it again and again, and never find that it is dead.
 */
function withOwnConnections(createChannel: Inside['createChannel']): Inside['createChannel'] {
  return async () => {
    const made = (await createChannel()) as unknown as MadeChannel;
    const { credentials, options } = made.internalChannel;
    const own = { ...options, 'grpc.use_local_subchannel_pool': 1 };
    return new Channel(made.getTarget(), credentials, own);
  };
}

type AppendStream = ClientDuplexStream<BatchAppendReq, BatchAppendResp>;
type Waiting = Map<string, { answer: (answer: AppendAnswer) => void; fail: (error: Error) => void }>;

/** `url` is a connection string of the client; `stream` the name of the one stream. */
export function kurrentCalls({ url, stream }: { readonly url: string; readonly stream: string }): KurrentCalls {
  // The old scheme is understood, with a warning.
  const client = KurrentDBClient.connectionString(url.replace(/^(esdb|eventstore)(?=[:+])/, 'kurrentdb'));
  const inside = client as unknown as Inside;
  inside.createChannel = withOwnConnections(inside.createChannel);
  const streams = new WeakMap<StreamsClient, AppendStream>();
  const waitingOn = new WeakMap<AppendStream, Waiting>();

  /** One stream for all appends: an append is one message there and one back. */
  const openAppends = inside.GRPCStreamCreator(
    grpc.StreamsClient,
    'append',
    (service) => {
      const calls: AppendStream = service.batchAppend(
        ...inside.callArguments({ requiresLeader: true }, { deadline: Infinity }),
      );
      const waiting: Waiting = new Map();
      waitingOn.set(calls, waiting);
      const failAll = (error: Error): void => {
        for (const { fail } of waiting.values()) fail(error);
        waiting.clear();
      };
      calls.on('data', (response: BatchAppendResp) => {
        const id = correlationOf(response);
        const answer = appendAnswer(response);
        if (answer instanceof Error) waiting.get(id)?.fail(answer);
        else waiting.get(id)?.answer(answer);
        waiting.delete(id);
      });
      calls.on('error', failAll);
      calls.on('end', () => {
        failAll(new Error('the server ended the stream of appends'));
      });
      return calls;
    },
    streams,
  );

  return {
    async append(events, { after, signal }) {
      const calls = await openAppends();
      const waiting = waitingOn.get(calls);
      const { id, request } = appendRequest({ stream, events, after, deadlineMs: answerWithinMs });
      const answered = new Promise<AppendAnswer>((answer, fail) => waiting?.set(id, { answer, fail }));
      calls.write(request);
      const stop = whenGivenUp(signal, () => {
        // What else waits on this stream has no answer either. Whoever asks next gets a new one.
        calls.destroy(unanswered('an append'));
        calls.cancel();
      });
      return answered.finally(stop);
    },

    read: ({ signal, ...range }) =>
      inside.execute(grpc.StreamsClient, 'read', async (service) => {
        const call = service.read(
          readRequest({ stream, ...range }),
          ...inside.callArguments({ requiresLeader: true }, { deadline: Infinity }),
        );
        const stop = whenGivenUp(signal, () => {
          call.destroy(unanswered('a read'));
          call.cancel();
        });
        try {
          const events: JournalEvent[] = [];
          for await (const response of call) {
            const event = eventOf(response as ReadResp);
            if (event !== undefined) events.push(event);
          }
          return events;
        } finally {
          stop();
        }
      }),

    subscribe: (after) =>
      inside.GRPCStreamCreator(grpc.StreamsClient, 'follow', (service): ClientReadableStream<ReadResp> => {
        const request: ReadReq = readRequest({ stream, from: after, limit: 'endless', direction: 'forward' });
        return service.read(request, ...inside.callArguments({}, { deadline: Infinity }));
      })(),

    close: () => client.dispose(),
  };
}
