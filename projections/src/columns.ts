/** Columns of values as PostgreSQL array literals, so that one statement takes a whole batch through `unnest`. */

type Value = string | number | bigint | null | undefined;

/** For numbers, dates and times: values that never need quotes. */
export const plainColumn = (values: Iterable<Value>): string => `{${Array.from(values, orNull).join(',')}}`;

/** For free text. PostgreSQL stores no NUL in a text: it is left out. */
export const textColumn = (values: Iterable<string | undefined>): string => `{${Array.from(values, quoted).join(',')}}`;

const orNull = (value: Value): string => (value === undefined || value === null ? 'NULL' : String(value));

const quoted = (text: string | undefined): string => {
  if (text === undefined) return 'NULL';
  return /["\\\0]/.test(text) ? `"${text.replaceAll('\0', '').replace(/["\\]/g, '\\$&')}"` : `"${text}"`;
};
