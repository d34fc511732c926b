/** The idempotency keys of the journal's past, as the bookkeeper asks for them. */
import type pg from 'pg';
import type { KeyIndex } from '../../../ledger/src/journal/key-index.ts';
import { postgresKeyIndex } from '../../../ledger/src/journal/postgres-key-index.ts';

/** The read model's keys, and its checkpoint. */
const sql = `
  select c.position as checkpoint, found.n, found.position
  from read.checkpoint c left join (
    select asked.n, k.position
    from unnest($1::uuid[]) with ordinality as asked (key, n) join read.idempotency_keys k using (key)
  ) found on true`;

export const keyIndex = ({ pool }: { readonly pool: pg.Pool }): KeyIndex =>
  postgresKeyIndex({ pool, name: 'look_up_keys', text: sql });
