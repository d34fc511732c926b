/** How far the projector is: its checkpoint, when it last moved, and why it stopped if it did. */
import type pg from 'pg';

export type Progress = {
  /** The checkpoint: the last journal position the read model includes. */
  readonly position: number;
  readonly updatedAt: Date;
  /** Present when the projector gave up: the journal does not fit the read model. */
  readonly halted?: string;
};

export async function progress(pool: pg.Pool): Promise<Progress> {
  const { rows } = await pool.query<{ position: string; updated_at: Date; halted: string | null }>({
    name: 'read_progress',
    text: 'select position, updated_at, halted from read.checkpoint',
  });
  const row = rows[0];
  if (row === undefined) throw new Error('the read model has no checkpoint');
  const { position, updated_at: updatedAt, halted } = row;
  return { position: Number(position), updatedAt, ...(halted !== null && { halted }) };
}
