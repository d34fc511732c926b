/** How long wrong PINs lock access. */

/** How long the first, second, … lock lasts, in seconds; after the last, access stays locked until the bank unlocks it. */
export const lockSeconds: readonly number[] = [300, 900, 3_600, 86_400];

/** The end of a lock that only the bank ends: the last instant that ISO 8601 writes with four digits of a year. */
export const untilTheBankActs = '9999-12-31T23:59:59.999Z';

/** For the answer to whoever is locked out; undefined: until the bank acts. */
export function secondsUntil(lockedUntil: string, nowMs: number): number | undefined {
  if (lockedUntil === untilTheBankActs) return undefined;
  return Math.max(1, Math.ceil((Date.parse(lockedUntil) - nowMs) / 1000));
}
