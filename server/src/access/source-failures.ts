/** Counts wrong PINs and passwords by where they come from, on all servers together: who guesses at many accounts is slowed down. */
import type pg from 'pg';

/** Chosen, not measured: a busy machine's honest mistakes stay below it; a guesser gets 24 × 30 tries a day at all accounts together. */
const most = 30;
const secondsForOne = 120;

export interface SourceFailures {
  /** How long this source has to wait before its next log-in; undefined: not at all. */
  wait(source: string): Promise<number | undefined>;
  /** A wrong PIN or password came from there. Counted after its check, so that as many more may be under way as come at once. */
  count(source: string): Promise<void>;
  /** Forgets the sources whose failures have flowed off. */
  sweep(): Promise<void>;
}

/** How many count still: those of before, less what has flowed off since. */
const level = `greatest(0, f.failed - extract(epoch from now() - f.at) / ${String(secondsForOne)})`;

export function postgresSourceFailures({ pool }: { readonly pool: pg.Pool }): SourceFailures {
  return {
    async wait(source) {
      const { rows } = await pool.query<{ seconds: number }>({
        name: 'source_failures_wait',
        text: `select ceil((${level} - $2 + 1) * ${String(secondsForOne)})::int as seconds
               from access.source_failures f where source = $1 and ${level} > $2 - 1`,
        values: [source, most],
      });
      return rows[0]?.seconds;
    },
    async count(source) {
      await pool.query({
        name: 'source_failures_count',
        text: `insert into access.source_failures as f (source, failed, at) values ($1, 1, now())
               on conflict (source) do update set failed = ${level} + 1, at = now()`,
        values: [source],
      });
    },
    async sweep() {
      await pool.query(`delete from access.source_failures f where ${level} = 0`);
    },
  };
}
