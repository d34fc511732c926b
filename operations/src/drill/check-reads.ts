/** Holds everything that was read against the journal: no reader went back, and nobody saw what never was. */
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import type { Difference, Evidence, Read } from './history.ts';
import { difference } from './history.ts';

/** A balance an account had: after its posting number `version`, from one position until before another. */
type Span = { readonly version: number; readonly balance: bigint; readonly until: number };

export function checkReads({ reads, totals, journal }: Evidence): readonly Difference[] {
  const spans = spansOf(journal);
  const found = reads.flatMap((read) => checkOne(read, spans.get(read.account) ?? []));
  for (const { reader, totalMinor, expectedMinor } of totals) {
    if (totalMinor === expectedMinor) continue;
    found.push(
      difference('money missing', reader, `saw ${String(totalMinor)} where there is ${String(expectedMinor)}`),
    );
  }
  return found;
}

function checkOne(read: Read, spans: readonly Span[]): readonly Difference[] {
  const { reader, account, after, position, balanceMinor, version } = read;
  const where = `${reader} on account ${account}`;
  if (position < after) {
    return [difference('stale read', where, `as of ${String(position)}, after it had seen ${String(after)}`)];
  }
  const isSeen = (span: Span): boolean =>
    span.balance === balanceMinor && (version === undefined || span.version === version);
  // What a read may show begins with the span of its position: it is seldom far from there.
  for (let index = firstUntilAfter(spans, position); index < spans.length; index++) {
    if (isSeen(spans[index] as Span)) return [];
  }
  const text = `${String(balanceMinor)}${version === undefined ? '' : ` after ${String(version)} postings`}`;
  const ended = spans.findLast(isSeen)?.until;
  if (ended === undefined) return [difference('wrong read', where, `${text}, which it never was`)];
  return [difference('stale read', where, `${text} as of ${String(position)}, though that ended at ${String(ended)}`)];
}

/** The index of the first span that had not ended at `position`. */
function firstUntilAfter(spans: readonly Span[], position: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if ((spans[middle] as Span).until > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

function spansOf(journal: readonly Recorded[]): ReadonlyMap<string, readonly Span[]> {
  const spans = new Map<string, Span[]>();
  const begin = (account: string, position: number, span: Omit<Span, 'until'>): void => {
    const before = spans.get(account) ?? [];
    const last = before.pop();
    if (last !== undefined) before.push({ ...last, until: position });
    before.push({ ...span, until: Number.POSITIVE_INFINITY });
    spans.set(account, before);
  };
  for (const { position, event } of journal) {
    if (event.type === 'AccountOpened') begin(event.account, position, { version: 0, balance: 0n });
    if (!isMoneyEvent(event)) continue;
    for (const { account, version, balance } of event.postings) begin(account, position, { version, balance });
  }
  return spans;
}
