/** Bounds what can be learnt about other accounts: how often a name is checked, and how many unknown numbers are tried. */
import type pg from 'pg';
import { batcher } from './batcher.ts';

/** Who asks: an account's session, at a terminal or from an address. */
export type Asker = { readonly account: string; readonly source: string };

type Wait = { readonly retryAfterSeconds: number };

export interface PayeeLimits {
  /** Counts one check of a payee; gives how long to wait where that was one too many. */
  check(asker: Asker): Promise<Wait | undefined>;
  /** Counts one number that no account has. */
  unknown(asker: Asker): Promise<Wait | undefined>;
  /**
   * Whether too many unknown numbers were tried, without counting one: from then on known numbers wait as well, or the
   * difference would tell which is which.
   */
  stopped(asker: Asker): Promise<Wait | undefined>;
  /** Deletes the counts that have ended. */
  sweep(): Promise<void>;
}

type Limit = { readonly name: string; readonly of: keyof Asker; readonly most: number; readonly seconds: number };

const hour = 3_600;
const day = 86_400;

/**
 * Chosen, not measured: several times what one person needs, and at a terminal a transfer every 36 s for an hour.
 * Whoever opens account after account to ask from is bounded by the source.
 */
const checks: readonly Limit[] = [
  { name: 'checks_hourly', of: 'account', most: 30, seconds: hour },
  { name: 'checks_daily', of: 'account', most: 100, seconds: day },
  { name: 'checks_hourly', of: 'source', most: 100, seconds: hour },
  { name: 'checks_daily', of: 'source', most: 1_000, seconds: day },
];
/** The source's count ends after an hour, so that one person cannot stop a terminal's transfers for a day. */
const unknowns: readonly Limit[] = [
  { name: 'unknown', of: 'account', most: 10, seconds: day },
  { name: 'unknown', of: 'source', most: 50, seconds: hour },
];

type Count = Limit & { readonly subject: string };
type Row = { name: string; subject: string; uses: number; seconds_left: number };

const columns = `name, subject, uses, greatest(1, ceil(extract(epoch from ends_at - now())))::int as seconds_left`;

/** Rows are locked in one order, so that two servers never wait for each other. */
const countSql = `
  insert into access.payee_uses as u (name, subject, uses, ends_at)
  select name, subject, 1, now() + make_interval(secs => seconds)
  from unnest($1::text[], $2::text[], $3::int[]) as given (name, subject, seconds) order by name, subject
  on conflict (name, subject) do update set
    uses = case when u.ends_at <= now() then 1 else u.uses + 1 end,
    ends_at = case when u.ends_at <= now() then excluded.ends_at else u.ends_at end
  returning ${columns}`;

const readSql = `
  select ${columns} from access.payee_uses
  join unnest($1::text[], $2::text[]) as given (name, subject) using (name, subject)
  where ends_at > now()`;

export function postgresPayeeLimits({ pool }: { readonly pool: pg.Pool }): PayeeLimits {
  async function countOf(counts: readonly Count[]): Promise<Wait | undefined> {
    const { rows } = await pool.query<Row>({
      name: 'payee_count',
      text: countSql,
      values: [
        counts.map(({ name }) => name),
        counts.map(({ subject }) => subject),
        counts.map(({ seconds }) => seconds),
      ],
    });
    return waitOf(counts, rows);
  }

  /** Whoever is past the account's limit does not use up what others at the same source have. */
  async function count(limits: readonly Limit[], asker: Asker): Promise<Wait | undefined> {
    const counts = Map.groupBy(countsOf(limits, asker), ({ of }) => of);
    return (await countOf(counts.get('account') ?? [])) ?? countOf(counts.get('source') ?? []);
  }

  // Every transfer asks: those of one moment share a query.
  const read = batcher(async (askers: readonly Asker[]): Promise<readonly (Wait | undefined)[]> => {
    const counts = askers.map((asker) => countsOf(unknowns, asker));
    const all = counts.flat();
    const { rows } = await pool.query<Row>({
      name: 'payee_stopped',
      text: readSql,
      values: [all.map(({ name }) => name), all.map(({ subject }) => subject)],
    });
    return counts.map((one) => waitOf(one, rows));
  });

  return {
    check: (asker) => count(checks, asker),
    unknown: (asker) => count(unknowns, asker),
    stopped: read,
    async sweep() {
      await pool.query('delete from access.payee_uses where ends_at <= now()');
    },
  };
}

const countsOf = (limits: readonly Limit[], asker: Asker): readonly Count[] =>
  limits.map((limit) => ({ ...limit, subject: `${limit.of} ${asker[limit.of]}` }));

/** The longest wait of the counts that are past their limit. */
function waitOf(counts: readonly Count[], rows: readonly Row[]): Wait | undefined {
  const waits = rows
    .filter(({ name, subject, uses }) =>
      counts.some((count) => count.name === name && count.subject === subject && uses > count.most),
    )
    .map(({ seconds_left }) => seconds_left);
  return waits.length === 0 ? undefined : { retryAfterSeconds: Math.max(...waits) };
}
