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

export function expectSound(journal: readonly Recorded[], observations: readonly Observation[]): void {
  const accounts = fold(journal);
  for (const state of accounts.values()) {
    if (isCustomerAccount(state.account)) expect(state.balance).toBeGreaterThanOrEqual(state.floor);
  }
  expect([...accounts.values()].reduce((sum, { balance }) => sum + balance, 0n)).toBe(0n);

  const positions = new Map<string, number[]>();
  for (const { position, metadata } of journal) {
    positions.set(metadata.commandId, [...(positions.get(metadata.commandId) ?? []), position]);
  }
  for (const [commandId, places] of positions) {
    // One command's events stand side by side: were it carried out twice, there would be more of them.
    expect(places.length, `${commandId} at ${places.join(', ')}`).toBe(commandId.startsWith('open') ? 2 : 1);
  }
  for (const { commandId, command, headAtAsking, headAtAnswer, outcome } of observations) {
    if (outcome.accepted) {
      expect(positions.get(commandId)?.at(-1), commandId).toBe(outcome.position);
    } else if (outcome.rejection.code !== 'overloaded' && outcome.rejection.code !== 'idempotency_key_reused') {
      expect(positions.get(commandId), `${commandId} was rejected`).toBeUndefined();
      expectTrueAtSomeMoment(journal, command, outcome.rejection.code, headAtAsking, headAtAnswer);
    }
  }
}

/** A rejection must have been right at some moment between asking and answer. */
function expectTrueAtSomeMoment(
  journal: readonly Recorded[],
  command: Command,
  code: string,
  from: number,
  to: number,
): void {
  const book = liveBook();
  for (let position = 0; position <= to; position++) {
    const recorded = journal[position - 1];
    if (recorded !== undefined) book.apply(recorded.event);
    if (position < from) continue;
    const decision = decide(book, command);
    if (isRejection(decision) && decision.code === code) return;
  }
  expect.fail(
    `${command.type} was rejected with ${code}, which was true at no moment from ${String(from)} to ${String(to)}`,
  );
}
