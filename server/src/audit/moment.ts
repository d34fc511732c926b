/** What `at` says: a civil day of the bank, up to its end, or an instant, compared as an instant whatever its offset. */
import type { CivilTime } from '../../../ledger/src/civil-time.ts';

export type Moment = {
  /** The last instant that belongs to it, in milliseconds since 1970. */
  readonly untilMs: number;
  /** The last value date that belongs to it, `YYYY-MM-DD`. */
  readonly untilDay: string;
};

const dayMs = 86_400_000;

/** `at` as its schema let it through. */
export function momentOf(at: string, civil: CivilTime): Moment {
  if (/^\d{4}-\d{2}-\d{2}$/.test(at)) return { untilMs: endOfDay(at, civil), untilDay: at };
  const untilMs = Date.parse(at);
  return { untilMs, untilDay: dayOf(untilMs, civil) };
}

/** Nothing is recorded outside these years, where days of four-digit years end or zones are not known: UTC does there. */
const isRecordable = (year: number): boolean => year >= 1900 && year < 9999;

function endOfDay(day: string, { startOfDay }: CivilTime): number {
  const midnightMs = Date.parse(`${day}T00:00:00Z`) + dayMs;
  return isRecordable(Number(day.slice(0, 4))) ? startOfDay(isoDay(midnightMs)) - 1 : midnightMs - 1;
}

function dayOf(instantMs: number, civil: CivilTime): string {
  const year = new Date(instantMs).getUTCFullYear();
  if (isRecordable(year)) return civil.dayOf(instantMs);
  return year >= 9999 ? '9999-12-31' : isoDay(instantMs);
}

const isoDay = (instantMs: number): string => new Date(instantMs).toISOString().slice(0, 10);
