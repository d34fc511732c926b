/** Deletes customers' keys that seal nothing in the journal: of openings that were rejected, lost or cut short by a crash. */
import type pg from 'pg';
import { decode } from '../../../ledger/src/domain/codec.ts';
import type { Journal } from '../../../ledger/src/journal/journal.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';

/** However long an opening waits for a journal that cannot be reached, its key is not this old. A judgement. */
const unusedForDays = 30;
/** So many at most in one run, which bounds the memory. */
const mostKeys = 100_000;
const batchSize = 2_000;

type Options = {
  /** The server's. */
  readonly pool: Pick<pg.Pool, 'query'>;
  /** Whose journal it is has been checked: a key that is deleted is lost for ever. */
  readonly journal: Pick<Journal, 'head' | 'read'>;
  readonly onProgress: OnProgress;
};

/**
 * Gives how many were deleted. The journal alone decides; the read model only says which keys are worth looking for.
 * Throws, and deletes nothing, where the journal cannot be read to its end (`UnreadableEvent`).
 */
export async function deleteUnusedKeys({ pool, journal, onProgress }: Options): Promise<number> {
  const unused = await candidates(pool);
  const head = unused.size === 0 ? 0 : await journal.head();
  let position = 0;
  while (position < head) {
    const events = await journal.read({ from: position + 1, limit: Math.min(batchSize, head - position) });
    for (const stored of events) {
      const { event } = decode(stored);
      if (event.type === 'CustomerRegistered') unused.delete(event.keyId);
    }
    const last = events.at(-1)?.position ?? position;
    if (last !== position + events.length || events.length === 0) {
      throw new Error(`the journal has a gap after position ${String(position)}`);
    }
    position = last;
    onProgress({ phase: 'reading the journal', done: position, total: head });
  }
  const { rowCount } = await pool.query('delete from vault.customer_keys where key_id = any ($1::uuid[])', [
    [...unused],
  ]);
  return rowCount ?? 0;
}

async function candidates(pool: Options['pool']): Promise<Set<string>> {
  const { rows } = await pool.query<{ keyId: string }>(
    `select k.key_id as "keyId" from vault.customer_keys k
     where k.created_at < now() - make_interval(days => $1)
       and not exists (select from read.customers c where c.key_id = k.key_id)
     order by k.created_at limit $2`,
    [unusedForDays, mostKeys],
  );
  return new Set(rows.map(({ keyId }) => keyId));
}
