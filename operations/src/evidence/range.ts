/** The days of a request for evidence, as instants. */
import type { CivilTime } from '../../../ledger/src/civil-time.ts';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Range } from './find-events.ts';

/** Throws a `Failure`. */
export function rangeOf(civil: CivilTime, from: string, to: string): Range {
  for (const [name, day] of [
    ['--from', from],
    ['--to', to],
  ] as const) {
    if (!isDay(day)) throw new Failure(`${name} is "${day}", but must be a day such as 2026-11-30.`);
  }
  if (to < from) throw new Failure(`--to ${to} is before --from ${from}: give the earlier day first.`);
  const next = new Date(Date.parse(to) + 86_400_000).toISOString().slice(0, 10);
  return { from, to, timeZone: civil.timeZone, fromMs: civil.startOfDay(from), beforeMs: civil.startOfDay(next) };
}

const isDay = (day: string): boolean =>
  /^\d{4}-\d{2}-\d{2}$/.test(day) && !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
