/** What is stored of proposals beside the journal: their content, and where their events are, so that they can be listed. */
import type pg from 'pg';

export type ProposalRow = {
  readonly id: string;
  readonly position: number;
  readonly decisionPosition?: number;
  readonly carriedOutAt?: string;
};

export interface ProposalStore {
  /** Stores the content before the event is written; `expiresAt` in ISO 8601. */
  save(proposal: { readonly id: string; readonly content: string; readonly expiresAt: string }): Promise<void>;
  /** The event is in the journal: from now on the proposal is listed. */
  setPosition(id: string, position: number): Promise<void>;
  setDecision(id: string, position: number): Promise<void>;
  setCarriedOut(id: string): Promise<void>;
  find(id: string): Promise<(ProposalRow & { readonly content: string }) | undefined>;
  /** Newest first, from below `before` on: those that can be decided, or the others. */
  list(options: {
    readonly state: 'open' | 'closed';
    readonly before?: number | undefined;
    readonly limit: number;
  }): Promise<readonly ProposalRow[]>;
  /** Deletes contents whose event never came: the same command again had stored its own, or the server died. */
  sweep(): Promise<void>;
}

type Row = { id: string; position: string; decision_position: string | null; carried_out_at: Date | null };

const columns = 'id, position, decision_position, carried_out_at';
const isOpen = 'decision_position is null and expires_at > now()';

export function postgresProposalStore({ pool }: { readonly pool: pg.Pool }): ProposalStore {
  return {
    async save({ id, content, expiresAt }) {
      await pool.query('insert into operations.proposals (id, content, expires_at) values ($1, $2, $3)', [
        id,
        content,
        expiresAt,
      ]);
    },
    async setPosition(id, position) {
      await pool.query('update operations.proposals set position = $2 where id = $1 and position is null', [
        id,
        position,
      ]);
    },
    async setDecision(id, position) {
      await pool.query(
        'update operations.proposals set decision_position = $2 where id = $1 and decision_position is null',
        [id, position],
      );
    },
    async setCarriedOut(id) {
      await pool.query(
        'update operations.proposals set carried_out_at = now() where id = $1 and carried_out_at is null',
        [id],
      );
    },
    async find(id) {
      const { rows } = await pool.query<Row & { content: string }>(
        `select ${columns}, content from operations.proposals where id = $1 and position is not null`,
        [id],
      );
      const [row] = rows;
      return row && { ...fromRow(row), content: row.content };
    },
    async list({ state, before, limit }) {
      const { rows } = await pool.query<Row>(
        `select ${columns} from operations.proposals
         where position is not null and ($1::bigint is null or position < $1)
           and ${state === 'open' ? isOpen : `not (${isOpen})`}
         order by position desc limit $2`,
        [before ?? null, limit],
      );
      return rows.map(fromRow);
    },
    async sweep() {
      await pool.query(`delete from operations.proposals where position is null and expires_at < now()`);
    },
  };
}

const fromRow = ({ id, position, decision_position, carried_out_at }: Row): ProposalRow => ({
  id,
  position: Number(position),
  ...(decision_position !== null && { decisionPosition: Number(decision_position) }),
  ...(carried_out_at !== null && { carriedOutAt: carried_out_at.toISOString() }),
});
