/** Finds an account's events of some days in the journal itself, and what its balance was before and after them. */
import { Failure } from '../../../ledger/src/failure.ts';
import type { Journal, JournalEvent } from '../../../ledger/src/journal/journal.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';
import { ownOpenings } from '../../../server/src/log/prove.ts';

/** Civil days of the bank, the last included: the events that were recorded in them. */
export type Range = {
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  readonly fromMs: number;
  readonly beforeMs: number;
};

type State = { readonly version: number; readonly balance: string };
export type Found = { readonly positions: readonly number[]; readonly before: State; readonly after: State };

const eventsPerRead = 1_000;
/** Each is a file: whoever needs more asks for fewer days at a time. */
const mostEvents = 10_000;

type Search = {
  readonly journal: Pick<Journal, 'read'>;
  readonly account: string;
  readonly range: Range;
  /** Of the checkpoint: what comes after it cannot be proven. */
  readonly size: number;
  readonly onProgress: OnProgress;
};

/** Throws a `Failure` where there is none, or too many. */
export async function findEvents({ journal, account, range, size, onProgress }: Search): Promise<Found> {
  const positions: number[] = [];
  let isKnown = false;
  let before: State = { version: 0, balance: '0' };
  let after = before;
  for (let from = 1; from <= size; from += eventsPerRead) {
    const events = await journal.read({ from, limit: Math.min(eventsPerRead, size - from + 1) });
    for (const event of events) {
      const [part] = partsOf(event, account);
      if (part === undefined) continue;
      isKnown = true;
      const recordedMs = Date.parse(String(part['recordedAt']));
      if (recordedMs >= range.beforeMs) continue;
      after = stateOf(part) ?? after;
      if (recordedMs < range.fromMs) before = after;
      else positions.push(event.position);
    }
    if (positions.length > mostEvents) {
      throw new Failure(
        `Account ${account} has more than ${String(mostEvents)} events in these days: ask for fewer days.`,
      );
    }
    onProgress({ phase: 'searching', done: Math.min(from + eventsPerRead - 1, size), total: size });
  }
  if (!isKnown)
    throw new Failure(`There is no account ${account} in the ${String(size)} events that are signed: check --account.`);
  if (positions.length === 0) {
    throw new Failure(
      `Account ${account} has no event from ${range.from} to ${range.to} (${range.timeZone}): ask for other days.`,
    );
  }
  return { positions, before, after };
}

type Part = Readonly<Record<string, unknown>>;

function partsOf(event: JournalEvent, account: string): readonly Part[] {
  // Hashing is for those that can be it.
  if (!event.data.includes(`"${account}"`)) return [];
  return ownOpenings(event, account).map(({ text }) => JSON.parse(text) as Part);
}

/** Of a posting. */
function stateOf({ part, version, balance }: Part): State | undefined {
  return part === 'posting' && typeof version === 'number' && typeof balance === 'string'
    ? { version, balance }
    : undefined;
}
