/** Verifications of the whole bank: one at a time, their progress and results stored where every server sees them. */
import type pg from 'pg';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { Difference } from './difference.ts';
import { verifyBank } from './verify.ts';

export type Verification = {
  readonly id: number;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly position: number;
  /** How many events so far. */
  readonly verified: number;
  readonly eventsPerSecond: number;
  readonly state: 'running' | 'passed' | 'differs' | 'failed';
  readonly accounts?: number;
  readonly entries?: number;
  readonly total?: bigint;
  readonly differences?: readonly Difference[];
  readonly failure?: string;
  readonly endedAt?: string;
};

export interface Verifications {
  /** Begins one, or gives the one that is under way. */
  begin(startedBy: string): Promise<number>;
  find(id: number): Promise<Verification | undefined>;
  latest(limit: number): Promise<readonly Verification[]>;
}

type Row = {
  id: string;
  started_by: string;
  started_at: Date;
  position: string;
  verified: string;
  accounts: string | null;
  entries: string | null;
  total: string | null;
  differences: readonly Difference[] | null;
  failure: string | null;
  changed_at: Date;
  ended_at: Date | null;
};

/** One whose server died says nothing any more. */
const underWay = `ended_at is null and changed_at > now() - interval '30 seconds'`;
const progressEveryMs = 500;

export function postgresVerifications({
  pool,
  journal,
  connect,
  onTrouble,
}: {
  readonly pool: pg.Pool;
  readonly journal: Journal;
  /** A connection of its own for as long as it takes. */
  readonly connect: () => Promise<pg.Client>;
  readonly onTrouble: (error: unknown) => void;
}): Verifications {
  async function carryOut(id: number, client: pg.Client, position: number): Promise<void> {
    try {
      let reportedAt = 0;
      const { accounts, entries, total, differences } = await verifyBank(
        { journal, client },
        position,
        async (verified) => {
          if (performance.now() - reportedAt < progressEveryMs) return;
          reportedAt = performance.now();
          await pool.query('update audit.verifications set verified = $2, changed_at = now() where id = $1', [
            id,
            verified,
          ]);
        },
      );
      await pool.query(
        `update audit.verifications set verified = position, accounts = $2, entries = $3, total = $4, differences = $5,
           changed_at = now(), ended_at = now() where id = $1`,
        [id, accounts, entries, String(total), JSON.stringify(differences)],
      );
    } catch (error) {
      onTrouble(error);
      const text = 'It could not be carried through: the server’s log says why. Begin it again.';
      await pool
        .query('update audit.verifications set failure = $2, ended_at = now() where id = $1', [id, text])
        .catch(onTrouble);
    } finally {
      await client.end().catch(onTrouble);
    }
  }

  return {
    async begin(startedBy) {
      const { rows } = await pool.query<{ id: string }>(`select id from audit.verifications where ${underWay} limit 1`);
      if (rows[0] !== undefined) return Number(rows[0].id);
      const client = await connect();
      await client.query('begin isolation level repeatable read read only');
      const checkpoint = await client.query<{ position: string }>('select position from read.checkpoint');
      const position = Number(checkpoint.rows[0]?.position ?? 0);
      const made = await pool.query<{ id: string }>(
        'insert into audit.verifications (started_by, position) values ($1, $2) returning id',
        [startedBy, position],
      );
      const id = Number(made.rows[0]?.id);
      void carryOut(id, client, position);
      return id;
    },
    async find(id) {
      const { rows } = await pool.query<Row>(`select * from audit.verifications where id = $1`, [id]);
      return rows[0] && toVerification(rows[0]);
    },
    async latest(limit) {
      const { rows } = await pool.query<Row>('select * from audit.verifications order by id desc limit $1', [limit]);
      return rows.map(toVerification);
    },
  };
}

function toVerification(row: Row): Verification {
  const seconds = ((row.ended_at ?? row.changed_at).getTime() - row.started_at.getTime()) / 1000;
  const { ended_at: ended, failure, differences, total } = row;
  const isSilent = ended === null && Date.now() - row.changed_at.getTime() > 30_000;
  const isRight = differences?.length === 0 && total === '0';
  return {
    id: Number(row.id),
    startedBy: row.started_by,
    startedAt: row.started_at.toISOString(),
    position: Number(row.position),
    verified: Number(row.verified),
    eventsPerSecond: seconds > 0 ? Math.round(Number(row.verified) / seconds) : 0,
    state: failure !== null || isSilent ? 'failed' : ended === null ? 'running' : isRight ? 'passed' : 'differs',
    ...(row.accounts !== null && { accounts: Number(row.accounts) }),
    ...(row.entries !== null && { entries: Number(row.entries) }),
    ...(total !== null && { total: BigInt(total) }),
    ...(differences !== null && { differences }),
    ...(failure !== null && { failure }),
    ...(ended !== null && { endedAt: ended.toISOString() }),
  };
}
