/** What the tab saves of one visit, so that a reload can go on with it: one item, which goes as a whole with the visit. */
import { endAfterSeconds, warnAfterSeconds } from '../device/limits.ts';
import type { Operation } from './operation.ts';

/** One line of the visit's summary. */
export type Line = Pick<Operation, 'kind' | 'amount' | 'to' | 'payee'> & {
  readonly outcome: 'done' | 'rejected' | 'unsettled';
  /** When the bank answered. */
  readonly at?: string;
};

export type Visit = {
  /** New at each log-in. */
  readonly id: string;
  readonly account: string;
  /** When somebody last touched the kiosk; a reload does not count. */
  readonly touchedAtMs: number;
  /** The balance is not to be shown. */
  readonly isHidden: boolean;
  /** The bank's own: its days begin and end there. */
  readonly timeZone: string;
  readonly lines: readonly Line[];
  /** Sent, or about to be, and not answered. */
  readonly pending?: Operation;
};

const storageKey = 'grand-livre.visit';

export const saveVisit = (visit: Visit): void => {
  sessionStorage.setItem(storageKey, JSON.stringify(visit));
};

export const removeVisit = (): void => {
  sessionStorage.removeItem(storageKey);
};

export function loadVisit(): Visit | undefined {
  const text = sessionStorage.getItem(storageKey);
  return text === null ? undefined : (JSON.parse(text) as Visit);
}

/** Nobody has touched the kiosk for as long as it waits for anybody. A clock that was set back says nothing, so the visit is over too. */
export function isOver({ touchedAtMs }: Visit, nowMs: number): boolean {
  const quietMs = nowMs - touchedAtMs;
  return quietMs < 0 || quietMs >= (warnAfterSeconds + endAfterSeconds) * 1_000;
}
