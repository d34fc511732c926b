/** A row of `audit.verifications` as text, column by column: as it is written to the journal and compared with it. */
import { instantSql } from './difference.ts';

const asText = (column: string): string => `${column}::text`;

/** All but the number, what PostgreSQL makes from others, and `ended_at`, which is `changed_at` once the journal has the result. */
const columns: Readonly<Record<string, (column: string) => string>> = {
  started_by: asText,
  started_at: instantSql,
  position: asText,
  verified: asText,
  accounts: asText,
  entries: asText,
  total: asText,
  differences: (column) => `encode(sha256(convert_to(${column}::text, 'UTF8')), 'hex')`,
  failure: asText,
  log: asText,
  changed_at: instantSql,
};

export const rowColumns: readonly string[] = Object.keys(columns);

/** SQL: an object; a column without a value is absent. */
export const rowTextSql = `jsonb_strip_nulls(jsonb_build_object(${Object.entries(columns)
  .map(([column, text]) => `'${column}', ${text(column)}`)
  .join(', ')}))`;
