/** Verifications of the whole bank: each in a thread of its own, one at a time in the bank, their progress and results stored where every server sees them. */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { LogSummary } from './compare-log.ts';
import type { Difference } from './difference.ts';

export type Verification = {
  readonly id: number;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly position: number;
  /** How many events so far; where it was broken off, all up to there were compared and none after. */
  readonly verified: number;
  readonly eventsPerSecond: number;
  readonly state: 'running' | 'passed' | 'differs' | 'broken_off';
  readonly accounts?: number;
  readonly entries?: number;
  readonly total?: bigint;
  readonly differenceCount?: number;
  readonly log?: LogSummary;
  /** Why it was broken off. */
  readonly failure?: string;
  readonly endedAt?: string;
};

export type VerificationInFull = Verification & { readonly differences?: readonly Difference[] };

export interface Verifications {
  /** Begins one, or gives the one that is under way; undefined when the database cannot be reached. */
  begin(startedBy: string): Promise<number | undefined>;
  find(id: number): Promise<VerificationInFull | undefined>;
  /** Without their differences: there may be many. */
  latest(limit: number): Promise<readonly Verification[]>;
}

/** Starts the thread; gives the number of the verification, or that another is under way, or undefined where it could not begin. */
export type StartVerification = (startedBy: string) => Promise<number | 'under way already' | undefined>;

type Row = {
  id: string;
  started_by: string;
  started_at: Date;
  position: string;
  verified: string;
  accounts: string | null;
  entries: string | null;
  total: string | null;
  difference_count: number | null;
  log: LogSummary | null;
  failure: string | null;
  changed_at: Date;
  ended_at: Date | null;
};

/** One whose server died says nothing any more. */
const silentAfterMs = 60_000;

/** Together longer than a connection takes to close. Chosen, not measured. */
const mostTries = 20;
const betweenTriesMs = 250;

const columns = `id, started_by, started_at, position, verified, accounts, entries, total, difference_count, log, failure,
  changed_at, ended_at`;

export function postgresVerifications({
  pool,
  start,
}: {
  readonly pool: pg.Pool;
  readonly start: StartVerification;
}): Verifications {
  async function underWay(): Promise<number | undefined> {
    const { rows } = await pool.query<{ id: string }>(
      `select id from audit.verifications
       where ended_at is null and changed_at > now() - make_interval(secs => $1) order by id desc limit 1`,
      [silentAfterMs / 1_000],
    );
    return rows[0] && Number(rows[0].id);
  }

  return {
    async begin(startedBy) {
      for (let tries = 0; tries < mostTries; tries++) {
        // Saves a thread where the answer is known; that only one runs is the lock's doing.
        const id = (await underWay()) ?? (await start(startedBy));
        if (id !== 'under way already') return id;
        // The one before has ended, and gives its lock back in a moment.
        await sleep(betweenTriesMs);
      }
      return undefined;
    },
    async find(id) {
      const { rows } = await pool.query<Row & { differences: readonly Difference[] | null }>(
        `select ${columns}, differences from audit.verifications where id = $1`,
        [id],
      );
      const [row] = rows;
      if (row === undefined) return undefined;
      return { ...toVerification(row), ...(row.differences !== null && { differences: row.differences }) };
    },
    async latest(limit) {
      const { rows } = await pool.query<Row>(`select ${columns} from audit.verifications order by id desc limit $1`, [
        limit,
      ]);
      return rows.map(toVerification);
    },
  };
}

function toVerification(row: Row): Verification {
  const seconds = ((row.ended_at ?? row.changed_at).getTime() - row.started_at.getTime()) / 1000;
  const { ended_at: ended, failure, difference_count: differenceCount, total } = row;
  const isSilent = ended === null && Date.now() - row.changed_at.getTime() > silentAfterMs;
  const isComplete = ended !== null && failure === null && row.verified === row.position;
  const isRight = isComplete && differenceCount === 0 && total === '0';
  return {
    id: Number(row.id),
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    position: Number(row.position),
    verified: Number(row.verified),
    eventsPerSecond: seconds > 0 ? Math.round(Number(row.verified) / seconds) : 0,
    state: ended === null && !isSilent ? 'running' : isRight ? 'passed' : isComplete ? 'differs' : 'broken_off',
    ...(row.accounts !== null && { accounts: Number(row.accounts) }),
    ...(row.entries !== null && { entries: Number(row.entries) }),
    ...(total !== null && { total: BigInt(total) }),
    ...(differenceCount !== null && { differenceCount }),
    ...(row.log !== null && { log: row.log }),
    ...(failure !== null && { failure }),
    ...(ended !== null && { endedAt: ended.toISOString() }),
  };
}
