/** Compares the read model's idempotency keys with the journal: each command's key, at the position of its first event. */
import type pg from 'pg';
import { countSurplus } from './count-surplus.ts';
import type { Differ } from './difference.ts';
import { compareRow } from './difference.ts';

export interface KeyComparison {
  /** Takes the keys of the journal's next events, at the positions of their first ones. */
  compare(keys: ReadonlyMap<string, number>): Promise<void>;
  /** Counts what the read model has beyond them, up to the position that was compared or past its own; `unreadable` events may have rows, too. */
  findSurplus(position: number, unreadable: number): Promise<void>;
}

const table = 'idempotency_keys';

/** Keys never change once they are there. They are digests of command ids: what one was, only the journal tells. */
export function compareKeys(reader: Pick<pg.Pool, 'query'>, differ: Differ): KeyComparison {
  let expected = 0;
  let last: string | undefined;
  return {
    async compare(keys) {
      const all = [...keys];
      // A command whose events fill the end of one batch and the beginning of the next has one key.
      const wanted = all[0]?.[0] === last ? all.slice(1) : all;
      last = all.at(-1)?.[0];
      expected += wanted.length;
      const { rows } = await reader.query<{ n: string; position: string | null }>({
        name: 'verify_keys',
        text: `select n, stored.position
               from unnest($1::uuid[], $2::bigint[]) with ordinality as wanted (key, position, n)
                 left join read.idempotency_keys stored using (key)
               where stored.position is distinct from wanted.position`,
        values: [wanted.map(([key]) => key), wanted.map(([, position]) => position)],
      });
      for (const { n, position } of rows) {
        const [key = '', journal] = wanted[Number(n) - 1] ?? [];
        compareRow(differ, { table, key }, { position: String(journal) }, position === null ? undefined : { position });
      }
    },

    findSurplus: (position, unreadable) => countSurplus(reader, { table, expected, unreadable, position }, differ),
  };
}
