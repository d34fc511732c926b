/** The bookkeeper: decides commands in groups against the book in memory and answers each after its group's one durable append. */
import type { AccountState } from '../domain/account.ts';
import { decode } from '../domain/codec.ts';
import type { Book } from '../domain/decide.ts';
import type { AccountId } from '../domain/events.ts';
import type { Journal } from '../journal/journal.ts';
import type { LiveBook } from './book.ts';
import type { Group, Waiting } from './group.ts';
import { decideInto, emptyGroup, isEmpty, undo } from './group.ts';
import type { KeyIndex } from './key-index.ts';
import type { RecentKeys } from './recent-keys.ts';
import { firstAnswer } from './replay.ts';
import type { Outcome, Submission } from './submission.ts';
import type { Turns } from './turns.ts';

export interface Bookkeeper {
  /**
   * Decides, writes and answers. Rejects only when the outcome is unknown (the bookkeeper was stopped, or history is
   * broken): the same command with the same key will tell.
   */
  submit(submission: Submission): Promise<Outcome>;
  /** The book as it will be once everything under way is committed: fit to preview a decision, not to answer from. */
  readonly book: Book;
  account(account: AccountId): AccountState | undefined;
  readonly accountCount: number;
  /** The last position this bookkeeper knows to be in the journal. */
  readonly head: number;
  /** Commands that wait to be decided. */
  readonly queueLength: number;
  /** True while the journal cannot be read: what waits goes on when it can be again. */
  readonly isCutOff: boolean;
  /** Reads what others wrote; call it now and then, so that an idle server does not fall behind. */
  catchUp(): Promise<void>;
  /** Finishes what waits, keeps a snapshot, and takes no more. */
  stop(): Promise<void>;
}

/** The outside world as the bookkeeper meets it: with the same answers from it, it does the same again. */
export type Surroundings = {
  readonly journal: Journal;
  readonly keys: KeyIndex;
  readonly turns: Turns;
  /** Now, in ISO 8601, UTC, milliseconds. */
  readonly now: () => string;
  /** A new UUID. */
  readonly newId: () => string;
  /** Runs a function soon, when everything that is ready now has run. */
  readonly soon: (run: () => void) => void;
  readonly sleep: (ms: number) => Promise<void>;
  /** Told of each finished append, for metrics. */
  readonly onGroup?: (group: { readonly events: number; readonly commands: number }) => void;
  /** Told of what went wrong and is being dealt with. */
  readonly onTrouble?: (what: string, error?: unknown) => void;
  /** Told when nothing can go on (history contradicts itself): the process had better start anew. */
  readonly onBroken?: (error: Error) => void;
};

export type Limits = {
  /** Commands that may wait; past it, `overloaded`. */
  readonly queue: number;
  /** Commands in a group. */
  readonly group: number;
  /** Keys kept by heart although the read model has them. */
  readonly keptKeys: number;
  /** Keys the read model has not got yet; past it, `overloaded`. */
  readonly unprojectedKeys: number;
  /** Events between two snapshots. */
  readonly snapshotEvery: number;
};

export const defaultLimits: Limits = {
  queue: 50_000,
  group: 1_000,
  keptKeys: 100_000,
  unprojectedKeys: 3_000_000,
  snapshotEvery: 200_000,
};

/** A group too small to be worth halving. */
const smallGroup = 64;
/** No command's events take more: every text is bounded at the door. */
const mostCommandBytes = 16_384;
const readLimit = 2_000;
/** After a conflict, so many turns in a row without anybody else's events end the turn-taking. */
const quietTurns = 8;
const retryMs = { first: 20, most: 2_000 };

type OlderKeys = Awaited<ReturnType<KeyIndex['lookUp']>>;
const nothingOlder: OlderKeys = { checkpoint: 0, positions: new Map() };

/** What a bookkeeper starts from: a book and the keys, both as of `head`. */
export type Start = {
  readonly book: LiveBook;
  readonly keys: RecentKeys;
  readonly head: number;
  readonly lastEventId: string;
};

/** Keeps the book of a position, for a quicker start. */
export type KeepSnapshot = (
  book: LiveBook,
  at: { readonly position: number; readonly eventId: string },
) => Promise<void>;

export function startBookkeeper(
  { book, keys, head: startHead, lastEventId: startEventId }: Start,
  surroundings: Surroundings,
  limits: Limits,
  keepSnapshot: KeepSnapshot,
): Bookkeeper {
  const { journal, turns, now, newId, soon, sleep, onGroup, onTrouble, onBroken } = surroundings;

  const queue: Waiting[] = [];
  /** Commands whose key is already on its way with another command: decided once that one is settled. */
  let twins: Waiting[] = [];
  const underWay = new Set<string>();
  let head = startHead;
  let lastEventId = startEventId;
  /** Decided and not sent yet; decided while the group before it is being written. */
  let pending = emptyGroup();
  let writing: Group | undefined;
  let lookingUp = false;
  /** While the book is being brought up to date nothing may be decided against it. */
  let holding = false;
  let isCutOff = false;
  let quietTurnsLeft = 0;
  let snapshotPosition = startHead;
  let keeping: Promise<unknown> = Promise.resolve();
  let scheduled = false;
  let stopped = false;
  let broken: Error | undefined;
  let idle = Promise.withResolvers<undefined>();

  function submit(submission: Submission): Promise<Outcome> {
    if (broken !== undefined) return Promise.reject(broken);
    if (stopped) return Promise.reject(new Error('the bookkeeper has stopped'));
    if (queue.length + twins.length >= limits.queue || keys.size > limits.keptKeys + limits.unprojectedKeys) {
      return Promise.resolve({ accepted: false, rejection: { code: 'overloaded', retryAfterSeconds: 1 } });
    }
    return new Promise((answer, fail) => {
      queue.push({ submission, answer, fail, sentIds: [] });
      wake();
    });
  }

  function wake(): void {
    if (scheduled) return;
    scheduled = true;
    soon(() => {
      scheduled = false;
      proceed();
    });
  }

  /** Starts whatever can be started now; called again whenever something has ended. */
  function proceed(): void {
    if (holding || broken !== undefined) return;
    if (snapshotDue()) keep();
    if (quietTurnsLeft > 0) {
      if (writing === undefined && !lookingUp && queue.length > 0) run(takeTurn());
    } else {
      takeIn();
      if (writing === undefined && !isEmpty(pending)) {
        run(write());
        // The next group is decided while this one is being written, though nobody new may come meanwhile.
        takeIn();
      }
    }
    if (isIdle()) {
      idle.resolve(undefined);
      idle = Promise.withResolvers();
    }
  }

  function takeIn(): void {
    if (!lookingUp && queue.length > 0 && hasRoom(pending) && !snapshotDue()) run(intake());
  }

  const hasRoom = (group: Group): boolean => group.decided.length < share() && takesOneMore(group);

  /** A group is never divided, so it must not outgrow what the journal takes at once. */
  const takesOneMore = (group: Group): boolean => group.bytes + mostCommandBytes <= journal.largestAppendBytes;

  /**
   * How large the next group may grow. Of a crowd only half goes out at once: while it is being written the other half
   * is decided, so that this process and the journal's work at the same time.
   */
  function share(): number {
    const waiting = queue.length + pending.decided.length;
    const half = Math.ceil((waiting + (writing?.decided.length ?? 0)) / 2);
    return Math.min(limits.group, Math.max(half, smallGroup));
  }

  const isIdle = (): boolean =>
    queue.length === 0 && twins.length === 0 && isEmpty(pending) && writing === undefined && !lookingUp && !holding;

  /** Runs a step of its own; a step never fails but by a bug or broken history, and then nothing may go on. */
  function run(step: Promise<void>): void {
    step.then(proceed, fail);
  }

  function fail(reason: unknown): void {
    const error = reason instanceof Error ? reason : new Error(String(reason));
    broken = error;
    onBroken?.(error);
    const lost = [...(writing?.decided ?? []), ...pending.decided].map(({ waiting }) => waiting);
    for (const waiting of [...lost, ...queue.splice(0), ...twins.splice(0)]) waiting.fail(error);
    idle.resolve(undefined);
  }

  /** Takes waiting commands, finds out which were carried out before, and decides the rest. */
  async function intake(): Promise<void> {
    const batch = queue.splice(0, share() - pending.decided.length);
    // While every key of the journal's past is known by heart there is nothing to look up.
    if (keys.forgottenUpTo === 0 && keys.size <= limits.keptKeys) {
      decideAll(batch, nothingOlder);
      return;
    }
    lookingUp = true;
    const older = await lookUp(batch);
    if (older === undefined) await sleep(retryMs.first);
    lookingUp = false;
    if (older === undefined || holding || quietTurnsLeft > 0) queue.unshift(...batch);
    else decideAll(batch, older);
  }

  /** Finds the keys that are not known by heart in the read model; undefined when it cannot tell. */
  async function lookUp(batch: readonly Waiting[]): Promise<OlderKeys | undefined> {
    const unknown = batch
      .map(({ submission }) => submission.commandId)
      .filter((id) => keys.positionOf(id) === undefined);
    try {
      const older = await surroundings.keys.lookUp(unknown);
      if (older.checkpoint >= keys.forgottenUpTo) return older;
      onTrouble?.(`the read model is back at ${String(older.checkpoint)}, before ${String(keys.forgottenUpTo)}`);
    } catch (error) {
      onTrouble?.('the look-up of idempotency keys failed', error);
    }
    return undefined;
  }

  /**
   * Decides a batch whose keys were looked up. Only then is anything forgotten by heart, and only what that look-up had
   * seen: with one look-up at a time, every key is known to one of the two at the moment of deciding.
   */
  function decideAll(batch: readonly Waiting[], { checkpoint, positions }: OlderKeys): void {
    const recordedAt = now();
    const after = head + (writing?.events.length ?? 0);
    for (const [index, waiting] of batch.entries()) {
      if (!takesOneMore(pending)) {
        queue.unshift(...batch.slice(index));
        break;
      }
      const { commandId } = waiting.submission;
      const position = keys.positionOf(commandId) ?? positions.get(commandId);
      if (position !== undefined) {
        answerAgain(waiting, position);
      } else if (underWay.has(commandId)) {
        twins.push(waiting);
      } else {
        underWay.add(commandId);
        decideInto(pending, book, waiting, { after, recordedAt, newId });
      }
    }
    keys.forget({ checkpoint, keep: limits.keptKeys });
  }

  function answerAgain(waiting: Waiting, position: number): void {
    firstAnswer(journal, waiting.submission, position).then(
      (outcome) => {
        const own = outcome.accepted && waiting.sentIds.includes(outcome.recorded[0].id);
        waiting.answer(own ? { ...outcome, replayed: false } : outcome);
      },
      (error: unknown) => {
        waiting.fail(error instanceof Error ? error : new Error(String(error)));
      },
    );
  }

  /** Writes the pending group while the next one is being decided. */
  async function write(): Promise<void> {
    const group = pending;
    pending = emptyGroup();
    writing = group;
    const written = await tryAppend(group);
    if (written) settle(group);
    else await recover();
  }

  /** True when the group is in the journal; false when it is not, or nobody can tell. */
  async function tryAppend(group: Group): Promise<boolean> {
    try {
      // Rejections, too, are only true of the head they were decided at.
      if (group.events.length === 0) return (await journal.head()) === head;
      for (const { waiting, outcome } of group.decided) {
        if (outcome.accepted) waiting.sentIds.push(outcome.recorded[0].id);
      }
      const { appended } = await journal.append(group.events, { after: head });
      return appended;
    } catch (error) {
      onTrouble?.('an append has an unknown outcome', error);
      return false;
    }
  }

  function settle(group: Group): void {
    writing = undefined;
    head += group.events.length;
    lastEventId = group.events.at(-1)?.id ?? lastEventId;
    for (const { waiting, outcome } of group.decided) {
      underWay.delete(waiting.submission.commandId);
      if (outcome.accepted) {
        keys.remember(waiting.submission.commandId, outcome.position - outcome.recorded.length + 1);
      }
      waiting.answer(outcome);
    }
    if (twins.length > 0) {
      queue.unshift(...twins);
      twins = [];
    }
    onGroup?.({ events: group.events.length, commands: group.decided.length });
  }

  /**
   * After a conflict or an unknown outcome: takes back what was decided, reads what the journal really holds, and lets
   * the commands wait again. One whose events are there after all is then found by its key, like any other.
   */
  async function recover(): Promise<void> {
    const groups = writing === undefined ? [pending] : [writing, pending];
    undo(groups);
    const again = groups.flatMap((group) => group.decided.map(({ waiting }) => waiting));
    for (const { submission } of again) underWay.delete(submission.commandId);
    queue.unshift(...again, ...twins);
    twins = [];
    pending = emptyGroup();
    writing = undefined;
    quietTurnsLeft = quietTurns;
    await hold(readMissed);
  }

  async function hold(work: () => Promise<unknown>): Promise<void> {
    holding = true;
    await work();
    holding = false;
  }

  /** Reads on to the journal's end, however long the journal cannot be reached; gives how many events there were. */
  async function readMissed(): Promise<number> {
    let missed = 0;
    for (let waitMs = retryMs.first; ; waitMs = Math.min(waitMs * 2, retryMs.most)) {
      try {
        for (;;) {
          const events = await journal.read({ from: head + 1, limit: readLimit });
          for (const stored of events) {
            const { event, metadata, position, id } = decode(stored);
            book.apply(event);
            keys.remember(metadata.commandId, position);
            head = position;
            lastEventId = id;
          }
          missed += events.length;
          isCutOff = false;
          if (events.length < readLimit) return missed;
        }
      } catch (error) {
        if (isBug(error)) throw error;
        if (stopped) throw error;
        isCutOff = true;
        onTrouble?.('the journal cannot be read', error);
        await sleep(waitMs);
      }
    }
  }

  /** Others write too: what they wrote is read inside the turn, so that nothing is decided in vain. */
  async function takeTurn(): Promise<void> {
    await hold(async () => {
      const endTurn = await turns.take().catch((error: unknown) => {
        onTrouble?.('no turn could be had', error);
        return undefined;
      });
      try {
        const missed = await readMissed();
        quietTurnsLeft = missed > 0 ? quietTurns : quietTurnsLeft - 1;
        const batch = queue.splice(0, limits.group);
        const older = await lookUp(batch);
        if (older === undefined) {
          queue.unshift(...batch);
          await sleep(retryMs.first);
          return;
        }
        decideAll(batch, older);
        const group = pending;
        if (isEmpty(group)) return;
        pending = emptyGroup();
        writing = group;
        if (await tryAppend(group)) settle(group);
      } finally {
        await endTurn?.();
      }
    });
    // The group that could not be written is still there to be taken back.
    if (writing !== undefined) await recover();
  }

  const snapshotDue = (): boolean => head - snapshotPosition >= limits.snapshotEvery;

  /** Between two groups the book holds exactly what is committed: only then may it be kept. */
  function keep(): void {
    if (writing !== undefined || !isEmpty(pending) || lookingUp) return;
    snapshotPosition = head;
    // What the book holds is copied at once; the writing may take its time, one snapshot after the other.
    const kept = keepSnapshot(book, { position: head, eventId: lastEventId });
    keeping = Promise.allSettled([keeping, kept]);
    kept.catch((error: unknown) => {
      onTrouble?.('the snapshot could not be kept', error);
    });
  }

  return {
    submit,
    book,
    account: (account) => book.account(account),
    get accountCount() {
      return book.accountCount;
    },
    get head() {
      return head;
    },
    get isCutOff() {
      return isCutOff;
    },
    get queueLength() {
      return queue.length;
    },
    async catchUp() {
      if (!isIdle() || stopped || broken !== undefined) return;
      try {
        await hold(async () => {
          await readMissed();
          const older = keys.size > limits.keptKeys ? await lookUp([]) : undefined;
          if (older !== undefined) keys.forget({ checkpoint: older.checkpoint, keep: limits.keptKeys });
        });
        proceed();
      } catch (error) {
        fail(error);
      }
    },
    async stop() {
      stopped = true;
      while (!isIdle() && broken === undefined) await idle.promise;
      await keeping;
      if (broken === undefined && head > snapshotPosition) {
        await keepSnapshot(book, { position: head, eventId: lastEventId });
      }
    },
  };
}

/** Broken history and unknown events do not mend themselves by trying again. */
const isBug = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'BrokenHistory' || error.name === 'UnknownEvent');
