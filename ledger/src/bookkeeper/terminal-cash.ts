/** The cash of each terminal on the bank's current civil day, folded from the events, with an undo for what was not committed. */
import type { CashLimits, CashOfDay } from '../domain/cash-limits.ts';
import { addCash, cashMovementOf, limitCash, noCash } from '../domain/cash-limits.ts';
import type { Decision } from '../domain/decide.ts';
import type { LedgerEvent } from '../domain/events.ts';
import type { Undo } from './book.ts';

/** `recordedAt` is ISO 8601, UTC, and never before the one of the event before. */
export interface TerminalCash {
  /** What is decided for a command that would be recorded then, within the limits. */
  limit(decision: Decision, recordedAt: string): Decision;
  /** Counts an event, and adds to `undo` how to take it back. */
  apply(event: LedgerEvent, recordedAt: string, undo?: Undo): void;
  /** Everything as plain values, for a snapshot: to be copied before anything is counted. */
  columns(): CashColumns;
}

export type CashColumns = { readonly day: string; readonly terminals: ReadonlyMap<string, CashOfDay> };

type CashOptions = {
  readonly dayOf: (instantMs: number) => string;
  readonly limits: CashLimits;
  readonly from?: CashColumns | undefined;
};

/** More terminals than any bank has, a judgement: once so many have moved cash on one day, no other does. */
export const mostTerminals = 10_000;

export function terminalCash({ dayOf, limits, from }: CashOptions): TerminalCash {
  let day = from?.day ?? '';
  let terminals = new Map(from?.terminals);
  const dayAt = cachedDay(dayOf);

  function cashOf(terminal: string): CashOfDay | undefined {
    return terminals.get(terminal) ?? (terminals.size < mostTerminals ? noCash : undefined);
  }

  return {
    limit(decision, recordedAt) {
      const isNewDay = dayAt(recordedAt) !== day;
      return limitCash(decision, isNewDay ? () => noCash : cashOf, limits);
    },

    apply(event, recordedAt, undo) {
      const movement = cashMovementOf(event);
      if (movement === undefined) return;
      const eventDay = dayAt(recordedAt);
      if (eventDay !== day) {
        const before = { day, terminals };
        undo?.push(() => {
          ({ day, terminals } = before);
        });
        day = eventDay;
        terminals = new Map();
      }
      const { terminal } = movement;
      const before = terminals.get(terminal);
      terminals.set(terminal, addCash(before ?? noCash, movement));
      undo?.push(() => {
        if (before === undefined) terminals.delete(terminal);
        else terminals.set(terminal, before);
      });
    },

    columns: () => ({ day, terminals }),
  };
}

/** Events come by thousands a second: the day is looked up once a minute, inside which no zone begins a day. */
function cachedDay(dayOf: (instantMs: number) => string): (recordedAt: string) => string {
  let minute = '';
  let day = '';
  return (recordedAt) => {
    const asked = recordedAt.slice(0, 'YYYY-MM-DDTHH:MM'.length);
    if (asked !== minute) [minute, day] = [asked, dayOf(Date.parse(recordedAt))];
    return day;
  };
}
