/** The bank's one civil time zone: which day an instant belongs to, and when a day begins. */

export type CivilTime = {
  /** An IANA name, such as `Europe/Paris`. */
  readonly timeZone: string;
  /** The civil day, `YYYY-MM-DD`, of an instant in milliseconds since 1970. */
  readonly dayOf: (instantMs: number) => string;
  /** The first instant of a civil day, in milliseconds since 1970; days have 23 to 25 hours where clocks change. */
  readonly startOfDay: (day: string) => number;
};

/** An IANA name that this system knows; an offset such as `+01:00` has no summer, and is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-CA', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const hourMs = 3_600_000;

/** Throws a `RangeError` for a zone that this system does not know. */
export function civilTime(timeZone: string): CivilTime {
  const day = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' });
  const parts = new Intl.DateTimeFormat('en-CA', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  });

  const dayOf = (instantMs: number): string => day.format(instantMs);

  /** How far the zone's clocks are ahead of UTC at an instant. */
  function offsetMs(instantMs: number): number {
    const part = Object.fromEntries(parts.formatToParts(instantMs).map(({ type, value }) => [type, Number(value)]));
    const local = Date.UTC(
      ...([part['year'], (part['month'] ?? 1) - 1, part['day']] as [number, number, number]),
      ...([part['hour'], part['minute'], part['second']] as [number, number, number]),
    );
    return local - Math.floor(instantMs / 1_000) * 1_000;
  }

  function startOfDay(date: string): number {
    const midnightUtc = Date.parse(`${date}T00:00:00Z`);
    if (Number.isNaN(midnightUtc)) throw new RangeError(`${date} is no day`);
    // The offset before and after a change of clocks: the earliest instant that belongs to the day is its first.
    const candidates = [-26, -12, 0, 14].map((hours) => midnightUtc - offsetMs(midnightUtc + hours * hourMs));
    const starts = candidates.filter((at) => dayOf(at) === date && dayOf(at - 1) < date);
    const first = starts.length > 0 ? Math.min(...starts) : undefined;
    if (first !== undefined) return first;
    // Clocks skipped midnight: the day begins where they were moved on.
    let [before, within] = [midnightUtc - 26 * hourMs, midnightUtc + 14 * hourMs];
    while (dayOf(within) < date) within += hourMs;
    while (within - before > 1) {
      const middle = Math.floor((before + within) / 2);
      if (dayOf(middle) < date) before = middle;
      else within = middle;
    }
    return within;
  }

  return { timeZone, dayOf, startOfDay };
}
