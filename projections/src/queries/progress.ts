/** How far the projector is: its checkpoint, when it last moved, and why it stopped if it did. */
import type pg from 'pg';
import type { UnreadableReason } from '../../../ledger/src/domain/unreadable-event.ts';

export type Progress = {
  /** The checkpoint: the last journal position the read model includes. */
  readonly position: number;
  readonly updatedAt: Date;
  /** Present when the projector gave up: the journal does not fit the read model. */
  readonly halted?: string;
  /** Present while it waits for an event to be mended. */
  readonly unreadable?: { readonly position: number; readonly reason: UnreadableReason };
};

type Row = {
  position: string;
  updated_at: Date;
  halted: string | null;
  unreadable_position: string | null;
  unreadable_reason: UnreadableReason | null;
};

export async function progress(pool: pg.Pool): Promise<Progress> {
  const { rows } = await pool.query<Row>({
    name: 'read_progress',
    text: 'select position, updated_at, halted, unreadable_position, unreadable_reason from read.checkpoint',
  });
  const row = rows[0];
  if (row === undefined) throw new Error('the read model has no checkpoint');
  const { position, updated_at: updatedAt, halted, unreadable_position: unreadable, unreadable_reason: reason } = row;
  return {
    position: Number(position),
    updatedAt,
    ...(halted !== null && { halted }),
    ...(unreadable !== null && reason !== null && { unreadable: { position: Number(unreadable), reason } }),
  };
}
