/** Binary search in an account's entries: some twenty look-ups for a million entries, and no second index on the largest table. */

/**
 * The common table expression `search` for the account $1, whose row with `high - low = 1` is the answer: entries up to
 * version `low` are not `beyond`, those from `high` on are. `beyond` is SQL on an entry `e` and must not become false
 * again as versions rise, which have no gap.
 */
export const binarySearch = (beyond: string): string => `
  with recursive search (low, high) as (
    select 0::bigint, version + 1 from read.balances where account = $1
    union all
    select case when ${beyond} then low else e.version end, case when ${beyond} then e.version else high end
    from search join read.entries e on e.account = $1 and e.version = (low + high) / 2
    where high - low > 1
  )`;
