/** A key index in PostgreSQL: one statement that answers for a whole batch, whichever table holds the keys. */
import type pg from 'pg';
import { commandKey } from './command-key.ts';
import type { KeyIndex } from './key-index.ts';
import { ask } from './postgres-ask.ts';

type Row = { readonly checkpoint: string; readonly n: string | null; readonly position: string | null };

/**
 * `text` takes the keys as one `uuid[]` and gives, on one snapshot so that no key is written in between, `checkpoint` in
 * every row and `n` (the key's place in the array, from 1) with `position` for each that was found; both are null in the
 * one row there is when none was. `name` is the prepared statement's.
 */
export function postgresKeyIndex({
  pool,
  name,
  text,
}: {
  readonly pool: pg.Pool;
  readonly name: string;
  readonly text: string;
}): KeyIndex {
  return {
    async lookUp(commandIds, { signal } = {}) {
      const query = { name, text, values: [`{${commandIds.map(commandKey).join(',')}}`] };
      const { rows } = await ask<Row>(pool, query, signal);
      const positions = new Map<string, number>();
      for (const { n, position } of rows) {
        const commandId = n === null ? undefined : commandIds[Number(n) - 1];
        if (commandId !== undefined) positions.set(commandId, Number(position));
      }
      return { checkpoint: Number(rows[0]?.checkpoint), positions };
    },
  };
}
