/** A group: commands decided one after the other against the book as it will be, to be written by one append. */
import { decide, isRejection } from '../domain/decide.ts';
import type { StoredEvent } from '../domain/codec.ts';
import { encode, schemaVersion } from '../domain/codec.ts';
import type { LedgerEvent, Metadata, Recorded } from '../domain/events.ts';
import type { LiveBook, Undo } from './book.ts';
import type { Outcome, Submission } from './submission.ts';

/** A command on its way, and how to answer whoever waits for it. */
export type Waiting = {
  readonly submission: Submission;
  readonly answer: (outcome: Outcome) => void;
  /** Ends the wait without an answer: whether the command was carried out is then unknown. */
  readonly fail: (error: Error) => void;
  /** The ids of the first events it was sent to the journal with: finding one of them there is no replay. */
  readonly sentIds: string[];
};

type Decided = { readonly waiting: Waiting; readonly outcome: Outcome };

export type Group = {
  readonly events: StoredEvent[];
  readonly decided: Decided[];
  readonly undo: Undo;
  /** The events' JSON in UTF-8, to keep an append within what the journal takes. */
  bytes: number;
};

export const emptyGroup = (): Group => ({ events: [], decided: [], undo: [], bytes: 0 });

export const isEmpty = (group: Group): boolean => group.decided.length === 0;

/** Decides one command and takes its events into the book and the group. `after` is the head before the group. */
export function decideInto(
  group: Group,
  book: LiveBook,
  waiting: Waiting,
  { after, recordedAt, newId }: { readonly after: number; readonly recordedAt: string; readonly newId: () => string },
): void {
  const { submission } = waiting;
  const decision = decide(book, submission.command);
  if (isRejection(decision)) {
    group.decided.push({ waiting, outcome: { accepted: false, rejection: decision } });
    return;
  }
  const metadata: Metadata = {
    commandId: submission.commandId,
    requestHash: submission.requestHash,
    actor: submission.actor,
    terminal: submission.terminal,
    recordedAt,
    valueDate: submission.valueDate ?? recordedAt.slice(0, 10),
    correlationId: submission.correlationId,
    schemaVersion,
  };
  const record = (event: LedgerEvent): Recorded => {
    const id = newId();
    const stored = encode(id, event, metadata);
    book.apply(event, group.undo);
    group.events.push(stored);
    group.bytes += Buffer.byteLength(stored.data) + Buffer.byteLength(stored.metadata);
    return { position: after + group.events.length, id, event, metadata };
  };
  const [first, ...more] = decision;
  const recorded = [record(first), ...more.map(record)] as const;
  const position = after + group.events.length;
  group.decided.push({ waiting, outcome: { accepted: true, position, recorded, replayed: false } });
}

/** Takes back what the groups did to the book, the latest first. */
export function undo(groups: readonly Group[]): void {
  for (const group of groups.toReversed()) {
    for (const step of group.undo.toReversed()) step();
  }
}
