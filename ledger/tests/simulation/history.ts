/** What must be true of every journal, whatever happened on the way there. */
import { expect } from 'vitest';
import type { AccountState } from '../../src/domain/account.ts';
import { accountsOf, evolveAccount, isCustomerAccount } from '../../src/domain/account.ts';
import type { Command } from '../../src/domain/commands.ts';
import { decide, isRejection } from '../../src/domain/decide.ts';
import type { Recorded } from '../../src/domain/events.ts';
import { isMoneyEvent } from '../../src/domain/events.ts';
import { liveBook } from '../../src/bookkeeper/book.ts';
import type { Outcome } from '../../src/bookkeeper/submission.ts';
import { terminalCash } from '../../src/bookkeeper/terminal-cash.ts';
import type { CashLimits } from '../../src/domain/cash-limits.ts';

/** What one client saw: its command, when it asked and was answered (as journal heads), and the answer. */
export type Observation = {
  readonly commandId: string;
  readonly command: Command;
  readonly headAtAsking: number;
  readonly headAtAnswer: number;
  readonly outcome: Outcome;
};

/** Folds the whole journal; throws on a missing, doubled or altered posting. */
export function fold(journal: readonly Recorded[]): ReadonlyMap<string, AccountState> {
  const accounts = new Map<string, AccountState>();
  let expected = 1;
  for (const { position, event } of journal) {
    expect(position).toBe(expected++);
    if (isMoneyEvent(event)) expect(event.postings.reduce((sum, { amount }) => sum + amount, 0n)).toBe(0n);
    for (const account of accountsOf(event)) {
      const state = evolveAccount(accounts.get(account), account, event);
      if (state === undefined) throw new Error(`${event.type} leaves no account ${account}`);
      accounts.set(account, state);
    }
  }
  return accounts;
}

/** How cash is limited, and which day an instant belongs to. */
export type CashRules = { readonly limits: CashLimits; readonly dayOf: (instantMs: number) => string };

export function expectSound(
  journal: readonly Recorded[],
  observations: readonly Observation[],
  cashRules: CashRules,
): void {
  const accounts = fold(journal);
  expectCashWithinLimits(journal, cashRules);
  for (const state of accounts.values()) {
    if (isCustomerAccount(state.account)) expect(state.balance).toBeGreaterThanOrEqual(state.floor);
  }
  expect([...accounts.values()].reduce((sum, { balance }) => sum + balance, 0n)).toBe(0n);

  for (const [index, { position, metadata }] of journal.entries()) {
    const before = journal[index - 1]?.metadata.recordedAt ?? '';
    expect(metadata.recordedAt >= before, `${metadata.recordedAt} at ${String(position)} is not before ${before}`).toBe(
      true,
    );
  }

  const positions = new Map<string, number[]>();
  for (const { position, metadata } of journal) {
    positions.set(metadata.commandId, [...(positions.get(metadata.commandId) ?? []), position]);
  }
  for (const [commandId, at] of positions) {
    // Were a command carried out twice, there would be more of its events.
    expect(at.length, `${commandId} at ${at.join(', ')}`).toBe(commandId.startsWith('open') ? 2 : 1);
  }
  for (const { commandId, command, headAtAsking, headAtAnswer, outcome } of observations) {
    if (outcome.accepted) {
      expect(positions.get(commandId)?.at(-1), commandId).toBe(outcome.position);
    } else if (outcome.rejection.code !== 'overloaded' && outcome.rejection.code !== 'idempotency_key_reused') {
      expect(positions.get(commandId), `${commandId} was declined`).toEqual([outcome.declined?.position]);
      const { code } = outcome.rejection;
      const recordedAt = outcome.declined?.metadata.recordedAt ?? '';
      expectTrueAtSomeMoment(journal, { command, code, recordedAt }, [headAtAsking, headAtAnswer], cashRules);
    }
  }
}

/** Told by plain sums, and not by what the bookkeeper makes of them. */
function expectCashWithinLimits(journal: readonly Recorded[], { limits, dayOf }: CashRules): void {
  const sums = new Map<string, bigint>();
  for (const { event, metadata } of journal) {
    if (event.type !== 'Deposited' && event.type !== 'Withdrawn') continue;
    const cash = event.postings.find(({ account }) => account.startsWith('cash:'));
    const amount = event.postings[1].amount;
    expect(amount).toBeLessThanOrEqual(event.type === 'Deposited' ? limits.depositMinor : limits.withdrawalMinor);
    const key = [event.type, cash?.account, dayOf(Date.parse(metadata.recordedAt))].join(' ');
    sums.set(key, (sums.get(key) ?? 0n) + amount);
  }
  for (const [key, sum] of sums) expect(sum, key).toBeLessThanOrEqual(limits.dayMinor);
}

/** A rejection must have been right at some moment between asking and answer. */
function expectTrueAtSomeMoment(
  journal: readonly Recorded[],
  { command, code, recordedAt }: { readonly command: Command; readonly code: string; readonly recordedAt: string },
  [from, to]: readonly [number, number],
  cashRules: CashRules,
): void {
  const book = liveBook();
  const cash = terminalCash(cashRules);
  for (let position = 0; position <= to; position++) {
    const recorded = journal[position - 1];
    if (recorded !== undefined) {
      book.apply(recorded.event);
      cash.apply(recorded.event, recorded.metadata.recordedAt);
    }
    if (position < from) continue;
    const decision = cash.limit(decide(book, command), recordedAt);
    if (isRejection(decision) && decision.code === code) return;
  }
  expect.fail(
    `${command.type} was rejected with ${code}, which was true at no moment from ${String(from)} to ${String(to)}`,
  );
}
