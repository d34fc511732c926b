/** Limits of cash: one operation, a day for each terminal, in and out apart; whatever is undone, saved or read again. */
import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Undo } from '../src/bookkeeper/book.ts';
import type { CashColumns } from '../src/bookkeeper/terminal-cash.ts';
import { mostTerminals, terminalCash } from '../src/bookkeeper/terminal-cash.ts';
import { civilTime } from '../src/civil-time.ts';
import type { CashLimits } from '../src/domain/cash-limits.ts';
import { isRejection } from '../src/domain/decide.ts';
import type { LedgerEvent, MoneyEvent } from '../src/domain/events.ts';

const limits: CashLimits = { depositMinor: 100n, withdrawalMinor: 20n, dayMinor: 150n };
const { dayOf } = civilTime('Europe/Paris');
const at = '2026-11-24T12:00:00.000Z';

const event = (type: MoneyEvent['type'], from: string, to: string, amount: bigint): LedgerEvent => ({
  ...{ type, currency: 'EUR', reversedPosition: 1, reason: 'x', label: 'x' },
  postings: [
    { account: from, amount: -amount, version: 1, balance: 0n },
    { account: to, amount, version: 1, balance: 0n },
  ],
});
const deposited = (amount: bigint, terminal = 't'): LedgerEvent => event('Deposited', `cash:${terminal}`, '1', amount);
const withdrawn = (amount: bigint, terminal = 't'): LedgerEvent => event('Withdrawn', '1', `cash:${terminal}`, amount);

type Step = readonly [LedgerEvent, recordedAt?: string];

test.each<[string, readonly Step[], Step, boolean]>([
  ['a deposit of the limit', [], [deposited(100n)], true],
  ['a deposit above the limit', [], [deposited(101n)], false],
  ['a withdrawal of the limit', [], [withdrawn(20n)], true],
  ['a withdrawal above the limit', [], [withdrawn(21n)], false],
  ['deposits up to the day’s limit', [[deposited(100n)]], [deposited(50n)], true],
  ['deposits above the day’s limit', [[deposited(100n)]], [deposited(51n)], false],
  ['a withdrawal where as much as can be came in', [[deposited(100n)], [deposited(50n)]], [withdrawn(20n)], true],
  ['another terminal', [[deposited(100n)], [deposited(50n)]], [deposited(100n, 'u')], true],
  ['withdrawals above the day’s limit', Array<Step>(7).fill([withdrawn(20n)]), [withdrawn(11n)], false],
  [
    'the next civil day, which is the same in UTC',
    [[deposited(100n, 't'), '2026-11-24T22:59:59.999Z']],
    [deposited(100n), '2026-11-24T23:00:00.000Z'],
    true,
  ],
  [
    'the same civil day, which is the next in UTC',
    [[deposited(100n, 't'), '2026-11-24T23:30:00.000Z']],
    [deposited(100n), '2026-11-25T00:30:00.000Z'],
    false,
  ],
  ['a transfer of any amount', [], [event('Transferred', '1', '2', 10_000n)], true],
  ['an import of any amount', [], [event('EntryImported', 'external:x', '2', 10_000n)], true],
  ['a reversal of a deposit', [], [event('EntryReversed', '1', 'cash:t', 10_000n)], true],
  [
    'after a deposit that was reversed',
    [[deposited(100n)], [event('EntryReversed', '1', 'cash:t', 100n)]],
    [deposited(51n)],
    false,
  ],
])('%s', (_, before, [next, nextAt = at], expected) => {
  const cash = terminalCash({ dayOf, limits });
  for (const [past, pastAt = at] of before) cash.apply(past, pastAt);
  expect(cash.limit([next], nextAt)).toEqual(expected ? [next] : { code: 'cash_limit_exceeded' });
});

test('a rejection stays what it is', () => {
  const rejection = { code: 'account_frozen', account: '1' } as const;
  expect(terminalCash({ dayOf, limits }).limit(rejection, at)).toBe(rejection);
});

test('once as many terminals as there may be have moved cash on one day, no other does until the next', () => {
  const cash = terminalCash({ dayOf, limits });
  for (let n = 0; n < mostTerminals; n++) cash.apply(deposited(1n, `t-${String(n)}`), at);
  expect(cash.limit([deposited(1n, 'another')], at)).toEqual({ code: 'cash_limit_exceeded' });
  expect(cash.limit([deposited(1n, 't-7')], at)).toEqual([deposited(1n, 't-7')]);
  const tomorrow = '2026-11-25T12:00:00.000Z';
  cash.apply(deposited(1n, 'another'), tomorrow);
  expect(cash.limit([deposited(1n, 'one more')], tomorrow)).toEqual([deposited(1n, 'one more')]);
  expect(cash.columns().terminals.size).toBe(1);
});

test('no order of operations, batches taken back, snapshots and starts passes a limit', () => {
  const operation = fc.record({
    kind: fc.constant('operation' as const),
    type: fc.constantFrom(deposited, withdrawn),
    amount: fc.bigInt(1n, 110n),
    terminal: fc.constantFrom('t', 'u'),
    laterMs: fc.constantFrom(0, 0, 0, 1, 3_600_000, 86_400_000),
  });
  const step = fc.oneof(
    { weight: 8, arbitrary: operation },
    { weight: 1, arbitrary: fc.constantFrom({ kind: 'take back' }, { kind: 'commit' }, { kind: 'start' } as const) },
  );
  let accepted = 0;
  let declined = 0;
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const committed: { event: LedgerEvent; recordedAt: string }[] = [];
      let pending: typeof committed = [];
      let undo: Undo = [];
      let cash = terminalCash({ dayOf, limits });
      let nowMs = Date.parse(at);
      const takeBack = (): void => {
        for (const back of undo.toReversed()) back();
        [undo, pending] = [[], []];
      };
      for (const one of steps) {
        if (one.kind === 'take back') takeBack();
        if (one.kind === 'commit') {
          committed.push(...pending);
          [undo, pending] = [[], []];
        }
        if (one.kind === 'start') {
          takeBack();
          const from = deserialize(serialize(cash.columns())) as CashColumns;
          cash = terminalCash({ dayOf, limits, from });
        }
        if (!('type' in one)) continue;
        nowMs += one.laterMs;
        const recordedAt = new Date(nowMs).toISOString();
        const next = one.type(one.amount, one.terminal);
        if (isRejection(cash.limit([next], recordedAt))) {
          declined += 1;
          continue;
        }
        accepted += 1;
        cash.apply(next, recordedAt, undo);
        pending.push({ event: next, recordedAt });
      }
      expectWithin([...committed, ...pending]);
      // What a start reads from the journal is what was there before it.
      takeBack();
      const read = terminalCash({ dayOf, limits });
      for (const { event: past, recordedAt } of committed) read.apply(past, recordedAt);
      expect(cash.columns()).toEqual(read.columns());
    }),
    { numRuns: 2_000 },
  );
  expect(Math.min(accepted, declined)).toBeGreaterThan(1_000);
});

function expectWithin(events: readonly { readonly event: LedgerEvent; readonly recordedAt: string }[]): void {
  const sums = new Map<string, bigint>();
  for (const { event: past, recordedAt } of events) {
    if (past.type !== 'Deposited' && past.type !== 'Withdrawn') continue;
    const [{ account: from }, { account: to, amount }] = past.postings;
    expect(amount).toBeLessThanOrEqual(past.type === 'Deposited' ? 100n : 20n);
    const key = `${past.type} ${past.type === 'Deposited' ? from : to} ${dayOf(Date.parse(recordedAt))}`;
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  }
  for (const [key, sum] of sums) expect(sum, key).toBeLessThanOrEqual(150n);
}
