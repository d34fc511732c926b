/** The limits of cash: how much a terminal may take in or give out by one operation, and on one of the bank's civil days. */
import { isRejection } from './decide.ts';
import type { Decision } from './decide.ts';
import type { LedgerEvent } from './events.ts';

export type CashLimits = {
  /** Of one deposit. */
  readonly depositMinor: bigint;
  /** Of one withdrawal. */
  readonly withdrawalMinor: bigint;
  /** Of all deposits at one terminal on one day, and of all withdrawals there. */
  readonly dayMinor: bigint;
};

/** What a terminal took in and gave out on one day. */
export type CashOfDay = { readonly inMinor: bigint; readonly outMinor: bigint };

export const noCash: CashOfDay = { inMinor: 0n, outMinor: 0n };

export type CashMovement = {
  readonly terminal: string;
  readonly type: 'Deposited' | 'Withdrawn';
  readonly amountMinor: bigint;
};

/** The cash that a terminal took or gave by an event. A reversal corrects the books: no cash moves. */
export function cashMovementOf(event: LedgerEvent): CashMovement | undefined {
  if (event.type !== 'Deposited' && event.type !== 'Withdrawn') return undefined;
  const [from, to] = event.postings;
  const cash = event.type === 'Deposited' ? from : to;
  return { terminal: cash.account.slice('cash:'.length), type: event.type, amountMinor: to.amount };
}

export const addCash = ({ inMinor, outMinor }: CashOfDay, { type, amountMinor }: CashMovement): CashOfDay =>
  type === 'Deposited' ? { inMinor: inMinor + amountMinor, outMinor } : { inMinor, outMinor: outMinor + amountMinor };

/** The decision, or the rejection where it would pass a limit; `cashOf` is what its terminal did today, undefined for a terminal too many. */
export function limitCash(
  decision: Decision,
  cashOf: (terminal: string) => CashOfDay | undefined,
  limits: CashLimits,
): Decision {
  if (isRejection(decision)) return decision;
  const movement = cashMovementOf(decision[0]);
  if (movement === undefined) return decision;
  const before = cashOf(movement.terminal);
  return before === undefined || isBeyond(before, movement, limits) ? { code: 'cash_limit_exceeded' } : decision;
}

function isBeyond(before: CashOfDay, movement: CashMovement, limits: CashLimits): boolean {
  const { inMinor, outMinor } = addCash(before, movement);
  return movement.type === 'Deposited'
    ? movement.amountMinor > limits.depositMinor || inMinor > limits.dayMinor
    : movement.amountMinor > limits.withdrawalMinor || outMinor > limits.dayMinor;
}
