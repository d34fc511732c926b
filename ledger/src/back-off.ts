/** How long to wait before the next try: twice as long after every failure, up to a limit. */

/** Gives the wait after so many failures in a row (from 0), in milliseconds. */
export const backOff =
  ({ firstMs, mostMs }: { readonly firstMs: number; readonly mostMs: number }) =>
  (failures: number): number =>
    Math.min(firstMs * 2 ** failures, mostMs);
