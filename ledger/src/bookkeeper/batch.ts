/** A batch: commands decided one after the other against the book as it will be, to be written by one append. */
import type { KeyObject } from 'node:crypto';
import { decide, isRejection } from '../domain/decide.ts';
import { declineOf } from '../domain/decline.ts';
import type { StoredEvent } from '../domain/codec.ts';
import { encode } from '../domain/codec.ts';
import { schemaVersionOf } from '../domain/upcast.ts';
import { macOf, withMac } from '../journal/event-mac.ts';
import type { LedgerEvent, Metadata, Recorded } from '../domain/events.ts';
import type { Span } from '../tracing/tracer.ts';
import type { LiveBook, Undo } from './book.ts';
import type { Outcome, Submission } from './submission.ts';
import type { TerminalCash } from './terminal-cash.ts';

/** A submitted command, and how to answer whoever waits for it. */
export type Waiting = {
  readonly submission: Submission;
  readonly answer: (outcome: Outcome) => void;
  /** Ends the wait without an answer: whether the command was carried out is then unknown. */
  readonly fail: (error: Error) => void;
  /** The ids of the first events it was sent to the journal with: finding one of them there is no replay. */
  readonly sentIds: string[];
  /** Where its trace is recorded. */
  readonly span?: Span;
};

type Decided = {
  readonly waiting: Waiting;
  readonly outcome: Outcome;
  /** What is written under the command's key; nothing for a rejection that leaves no trace. */
  readonly recorded: readonly Recorded[];
};

export type Batch = {
  readonly events: StoredEvent[];
  readonly decided: Decided[];
  readonly undo: Undo;
  /** Of the last event; undefined while there is none. */
  recordedAt: string | undefined;
  /** The events' JSON in UTF-8, so that an append stays within what the journal takes. */
  bytes: number;
};

/**
 * No command's events take more bytes, data and metadata together. The largest registers a customer by the import, with
 * seven texts of 200 characters, sealed.
 */
export const mostCommandBytes = 16_384;

export const emptyBatch = (): Batch => ({ events: [], decided: [], undo: [], recordedAt: undefined, bytes: 0 });

export const isEmpty = (batch: Batch): boolean => batch.decided.length === 0;

/** Decides one command and takes its events into the book and the batch. `after` is the head before the batch. */
export function decideInto(
  batch: Batch,
  book: LiveBook,
  waiting: Waiting,
  {
    cash,
    after,
    recordedAt,
    day,
    newId,
    macKey,
  }: {
    readonly cash: TerminalCash;
    readonly after: number;
    readonly recordedAt: string;
    /** The bank's civil day of `recordedAt`. */
    readonly day: string;
    readonly newId: () => string;
    readonly macKey: KeyObject;
  },
): void {
  const { submission } = waiting;
  const decision = cash.limit(decide(book, submission.command), recordedAt);
  const common: Omit<Metadata, 'schemaVersion'> = {
    commandId: submission.commandId,
    requestHash: submission.requestHash,
    actor: submission.actor,
    terminal: submission.terminal,
    recordedAt,
    valueDate: submission.valueDate ?? day,
    correlationId: submission.correlationId,
  };
  const record = (event: LedgerEvent): Recorded => {
    const id = newId();
    const position = after + batch.events.length + 1;
    const bare = encode(id, event, { ...common, schemaVersion: schemaVersionOf(event.type) });
    const mac = macOf(macKey, { position, ...bare });
    const metadata: Metadata = { ...common, schemaVersion: schemaVersionOf(event.type), mac };
    const stored = { ...bare, metadata: withMac(bare.metadata, mac) };
    book.apply(event, batch.undo);
    cash.apply(event, recordedAt, batch.undo);
    batch.events.push(stored);
    batch.recordedAt = recordedAt;
    batch.bytes += Buffer.byteLength(stored.data) + Buffer.byteLength(stored.metadata);
    return { position, id, event, metadata };
  };
  if (!isRejection(decision)) {
    const [first, ...more] = decision;
    const recorded = [record(first), ...more.map(record)] as const;
    const position = after + batch.events.length;
    batch.decided.push({ waiting, outcome: { accepted: true, position, recorded, replayed: false }, recorded });
    return;
  }
  const decline = declineOf(submission.command, decision);
  if (decline === undefined) {
    batch.decided.push({ waiting, outcome: { accepted: false, rejection: decision }, recorded: [] });
    return;
  }
  const declined = record(decline);
  const outcome: Outcome = { accepted: false, rejection: decision, declined, replayed: false };
  batch.decided.push({ waiting, outcome, recorded: [declined] });
}

/** Takes back what the batch did to the book; later batches must have been taken back before. */
export function undo(batch: Batch): void {
  for (const step of batch.undo.toReversed()) step();
}
