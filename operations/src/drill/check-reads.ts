/** Holds everything that was read against the journal: no reader went back, and nobody saw what never was. */
import { isMoneyEvent } from '../../../ledger/src/domain/events.ts';
import type { Recorded } from '../../../ledger/src/domain/events.ts';
import type { Difference, Evidence, Read, Snapshot } from './history.ts';
import { difference } from './history.ts';

/** A balance an account had: after its posting number `version`, from one position until before another. */
type Span = { readonly version: number; readonly balance: bigint; readonly from: number; readonly until: number };

export function checkReads({ reads, snapshots, totals, journal }: Evidence): readonly Difference[] {
  const spans = spansOf(journal);
  return [
    ...reads.flatMap((read) => checkOne(read, spans.get(read.account) ?? [])),
    ...snapshots.flatMap((snapshot) => checkSnapshot(snapshot, spans)),
    ...totals
      .filter(({ totalMinor }) => totalMinor !== 0n)
      .map(({ reader, totalMinor }) =>
        difference('money missing', reader, `saw all balances add up to ${String(totalMinor)}`),
      ),
  ];
}

/** The accounts' versions say for which positions each balance held: one of those must be common to all. */
function checkSnapshot(
  { reader, after, accounts, totalMinor }: Snapshot,
  spans: ReadonlyMap<string, readonly Span[]>,
): readonly Difference[] {
  const seen = accounts.map(({ account, version }) => spans.get(account)?.[version]);
  const wrong = accounts.find(({ balanceMinor }, index) => seen[index]?.balance !== balanceMinor);
  if (wrong !== undefined) {
    const { account, balanceMinor, version } = wrong;
    const text = `${String(balanceMinor)} after ${String(version)} postings, which it never was`;
    return [difference('wrong read', `${reader} on account ${account}`, text)];
  }
  const from = Math.max(...seen.map((span) => span?.from ?? 0));
  const until = Math.min(...seen.map((span) => span?.until ?? 0));
  const text = `one account as of ${String(from)} at the earliest, another until ${String(until)} only`;
  const total = accounts.reduce((sum, { balanceMinor }) => sum + balanceMinor, 0n);
  return [
    ...(from < until ? [] : [difference('torn read', reader, text)]),
    ...(until > after ? [] : [difference('stale read', reader, `as of ${String(until - 1)}, after ${String(after)}`)]),
    ...(total === totalMinor
      ? []
      : [difference('money missing', reader, `saw ${String(total)} where there is ${String(totalMinor)}`)]),
  ];
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
  const begin = (account: string, position: number, span: Pick<Span, 'version' | 'balance'>): void => {
    // The bank's own accounts come to be with their first posting.
    const before = spans.get(account) ?? (span.version === 0 ? [] : [{ version: 0, balance: 0n, from: 0, until: 0 }]);
    const last = before.pop();
    if (last !== undefined) before.push({ ...last, until: position });
    before.push({ ...span, from: position, until: Number.POSITIVE_INFINITY });
    spans.set(account, before);
  };
  for (const { position, event } of journal) {
    if (event.type === 'AccountOpened') begin(event.account, position, { version: 0, balance: 0n });
    if (!isMoneyEvent(event)) continue;
    for (const { account, version, balance } of event.postings) begin(account, position, { version, balance });
  }
  return spans;
}
