/** The journal in EventStoreDB (from 21.10) or KurrentDB: one stream, in which an event's revision is its position less one. */
import type { Readable } from 'node:stream';
import type { ReadResp } from '@kurrent/kurrentdb-client/generated/kurrentdb/protocols/v1/streams_pb.js';
import type { GivenUp } from './given-up.ts';
import type { FollowStep, Journal, JournalEvent } from './journal.ts';
import { kurrentCalls } from './kurrent-calls.ts';
import { eventOf } from './kurrent-messages.ts';

/** Of the server's maximum append size, what is left for data and metadata: it counts an event's type and frame too. A judgement. */
const shareForEvents = 0.85;
const usualLargestAppendBytes = 1024 * 1024;
/** Reads at the same time: a judgement. */
const readsAtOnce = 64;
/** Events that wait for a follower; past it the server is asked to wait. A judgement. */
const mostWaiting = 5_000;

/** `ledger` names the stream: `journal-<ledger>`. */
export function kurrentJournal({ url, ledger }: { readonly url: string; readonly ledger: string }): Journal {
  const calls = kurrentCalls({ url, stream: `journal-${ledger}` });
  let largestAppendBytes = usualLargestAppendBytes * shareForEvents;

  async function head({ signal }: GivenUp = {}): Promise<number> {
    const [last] = await calls.read({ from: 'end', limit: 1, direction: 'backward', signal });
    return last?.position ?? 0;
  }

  return {
    get largestAppendBytes() {
      return largestAppendBytes;
    },
    head,

    async append(events, { after, signal }) {
      if (events.length === 0) throw new Error('an append needs at least one event');
      const answer = await calls.append(events, { after, signal });
      if (answer.appended !== 'too large') return { appended: answer.appended, head: answer.head };
      largestAppendBytes = Math.min(largestAppendBytes, answer.largestBytes) * shareForEvents;
      throw new Error(
        `the server takes at most ${String(answer.largestBytes)} bytes at once; the next batch is smaller`,
      );
    },

    async read({ from, limit, direction = 'forward', signal }) {
      if (direction === 'forward') return calls.read({ from, limit, direction, signal });
      // Beyond its end the server reads backwards from nowhere.
      const last = await head({ signal });
      return last === 0 ? [] : calls.read({ from: Math.min(from, last), limit, direction, signal });
    },

    async readAt(positions, { signal } = {}) {
      const found = new Map<number, JournalEvent>();
      const runs = runsOf(positions);
      const work = async (): Promise<void> => {
        for (let run = runs.pop(); run !== undefined; run = runs.pop()) {
          for (const event of await calls.read({ ...run, direction: 'forward', signal }))
            found.set(event.position, event);
        }
      };
      await Promise.all(Array.from({ length: Math.min(readsAtOnce, runs.length) }, work));
      return positions.map((position) => found.get(position)).filter((event) => event !== undefined);
    },

    async *follow({ after, signal }): AsyncGenerator<FollowStep> {
      let position = after;
      while (!signal.aborted) {
        const target = await head({ signal });
        const subscription = await calls.subscribe(position);
        const stop = (): void => {
          subscription.cancel();
        };
        signal.addEventListener('abort', stop);
        try {
          const waiting = collect(subscription, signal);
          if (position >= target) yield { caughtUpAt: position };
          for (let events = await waiting.take(); events.length > 0; events = await waiting.take()) {
            position = events.at(-1)?.position ?? position;
            yield { events };
            if (waiting.isEmpty() && position >= target && !isAborted(signal)) yield { caughtUpAt: position };
          }
        } catch (error) {
          if (!isTooSlow(error)) throw error;
        } finally {
          signal.removeEventListener('abort', stop);
          stop();
        }
      }
    },

    close: () => calls.close(),
  };
}

/** A server that wrote faster than this follower read lets it go, and asks it to come back: gRPC's ABORTED. */
const isTooSlow = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 10;

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** Neighbours are read together. */
function runsOf(positions: readonly number[]): { from: number; limit: number }[] {
  const runs: { from: number; limit: number }[] = [];
  for (const position of [...new Set(positions)].sort((one, other) => one - other)) {
    const last = runs.at(-1);
    if (last !== undefined && position === last.from + last.limit) last.limit += 1;
    else runs.push({ from: position, limit: 1 });
  }
  return runs;
}

type Collected = {
  /** All that has come since, at least one event; none when told to stop. Rejects when the subscription ended by itself. */
  take(): Promise<readonly JournalEvent[]>;
  isEmpty(): boolean;
};

/** Gathers what comes while the follower works, so that it gets much at once when it is behind. */
function collect(subscription: Readable, signal: AbortSignal): Collected {
  let events: JournalEvent[] = [];
  let failure: Error | undefined;
  let wake = (): void => undefined;
  const fail = (error: Error): void => {
    failure ??= error;
    wake();
  };
  subscription.on('data', (response: ReadResp) => {
    const event = eventOf(response);
    if (event === undefined) return;
    if (events.push(event) >= mostWaiting) subscription.pause();
    wake();
  });
  subscription.on('error', fail);
  subscription.on('end', () => {
    fail(new Error('the server ended the subscription'));
  });
  return {
    isEmpty: () => events.length === 0,
    async take() {
      while (events.length === 0 && failure === undefined && !signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      if (signal.aborted) return [];
      if (events.length === 0 && failure !== undefined) throw failure;
      const taken = events;
      events = [];
      subscription.resume();
      return taken;
    },
  };
}
