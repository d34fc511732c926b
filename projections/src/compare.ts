/** Compares the rebuilt tables with those in use, row by row, in one snapshot. */
import type pg from 'pg';

export type Comparison = {
  readonly table: string;
  readonly rows: number;
  readonly differing: number;
  /** The keys of some rows that differ, are missing or too many. */
  readonly examples: readonly string[];
};

const mostExamples = 5;

/** `client` is in a transaction whose snapshot shows both at the same position. */
export async function compareTables(client: pg.Client): Promise<readonly Comparison[]> {
  const { rows: tables } = await client.query<{ name: string; keys: string[] }>(
    `select t.relname as name, array_agg(quote_ident(a.attname) order by a.attnum) as keys
     from pg_class t join pg_index i on i.indrelid = t.oid and i.indisprimary
       join pg_attribute a on a.attrelid = t.oid and a.attnum = any (i.indkey)
     where t.relnamespace = 'read_next'::regnamespace and t.relname <> 'checkpoint'
     group by t.relname order by t.relname`,
  );
  const comparisons: Comparison[] = [];
  for (const { name, keys } of tables) {
    const { rows } = await client.query<{ rows: string; differing: string; examples: string[] | null }>(
      `select (select count(*) from read_next.${name}) as rows, count(*) as differing,
              (array_agg(concat_ws(' / ', ${keys.join(', ')})))[1:${String(mostExamples)}] as examples
       from read.${name} as old full join read_next.${name} as new using (${keys.join(', ')})
       where old is distinct from new`,
    );
    const [found] = rows;
    if (found === undefined) continue;
    comparisons.push({
      table: name,
      rows: Number(found.rows),
      differing: Number(found.differing),
      examples: found.examples ?? [],
    });
  }
  return comparisons;
}
