/** The idempotency keys of the journal's past, as the bookkeeper asks for them. */
import type pg from 'pg';
import type { KeyIndex } from '../../../ledger/src/bookkeeper/key-index.ts';
import { commandKey } from '../command-key.ts';
import { plainColumn } from '../columns.ts';

/** One statement, so that no key is written between the checkpoint and the look-up. */
const sql = `
  select c.position as checkpoint, found.n, found.position
  from read.checkpoint c left join (
    select asked.n, k.position
    from unnest($1::uuid[]) with ordinality as asked (key, n) join read.idempotency_keys k using (key)
  ) found on true`;

export function keyIndex({ pool }: { readonly pool: pg.Pool }): KeyIndex {
  return {
    async lookUp(commandIds) {
      const { rows } = await pool.query<{ checkpoint: string; n: string | null; position: string | null }>({
        name: 'look_up_keys',
        text: sql,
        values: [plainColumn(commandIds.map(commandKey))],
      });
      const positions = new Map<string, number>();
      for (const { n, position } of rows) {
        const commandId = n === null ? undefined : commandIds[Number(n) - 1];
        if (commandId !== undefined) positions.set(commandId, Number(position));
      }
      return { checkpoint: Number(rows[0]?.checkpoint), positions };
    },
  };
}
