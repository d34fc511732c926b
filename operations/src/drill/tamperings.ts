/** Every way in which the tamper drill alters a bank's database, chosen by chance, and by what its finding is known. */
import type { Difference } from '../../../server/src/audit/difference.ts';
import type { Chance } from './chance.ts';
import { historyTamperings } from './history-tamperings.ts';
import type { TamperBank } from './tamper-bank.ts';
import type { Tamper } from './tampering.ts';

type Table = { readonly name: string; readonly columns: readonly { name: string; type: string }[] };

/** What no verification compares with anything, each with the reason why: the same as in docs/drill.md. */
const exceptions: Readonly<Record<string, string>> = {
  'access.': 'credentials, sessions, staff, proposals: not the ledger, and made again by whoever they belong to',
  'audit.security_events': 'what happened at the doors',
  'vault.': 'wrapped keys: one that is altered opens nothing, and is named where a name stands in the read model',
  'journal.identity': 'checked at each start, not by the verification',
  'log.checkpoint.signed_at': 'the note has no time',
  'log.checkpoint.cosigned_at': 'the cosignature itself has the time',
  'log.checkpoint.only_row': 'there is one row',
  'read.checkpoint': 'how far the projector is: it says so itself, and the journal’s end is known to the log',
  'secrets.': 'compared with the secrets at each start, which does not happen with another',
  'migrations.': 'which migrations were carried out',
};
const isException = (name: string): boolean => Object.keys(exceptions).some((prefix) => name.startsWith(prefix));

/** From the catalogue: a new table is altered without anybody's doing. */
async function tablesOf({ alone }: TamperBank): Promise<readonly Table[]> {
  const { rows } = await alone.query<{ name: string; columns: { name: string; type: string }[] }>(`
    select format('%s.%s', n.nspname, t.relname) as name,
      json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, null)) order by a.attnum) as columns
    from pg_class t join pg_namespace n on n.oid = t.relnamespace
      join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where t.relkind = 'r' and n.nspname !~ '^pg_|^information_schema$' group by 1 order by 1`);
  return rows
    .filter(({ name }) => !isException(name))
    .map(({ name, columns }) => ({ name, columns: columns.filter((one) => !isException(`${name}.${one.name}`)) }));
}

/** Another value of its type, however near. */
const another: Readonly<Record<string, (column: string, chance: Chance) => string>> = {
  bigint: (column, chance) => `coalesce(${column}, 0) + ${String(chance.whole(1, 9))}`,
  integer: (column) => `coalesce(${column}, 0) + 1`,
  smallint: (column) => `coalesce(${column}, 0) + 1`,
  numeric: (column) => `coalesce(${column}, 0) + 1`,
  boolean: (column) => `not coalesce(${column}, false)`,
  text: (column) => `coalesce(${column}, '') || 'x'`,
  uuid: () => 'gen_random_uuid()',
  date: (column) => `${column} + 1`,
  'timestamp with time zone': (column) => `coalesce(${column}, now()) + interval '1 microsecond'`,
  jsonb: (column) => `coalesce(${column}, '[]') || '[1]'`,
  bytea: (column, chance) => {
    const bit = String(chance.whole(0, 255));
    return `set_bit(${column}, ${bit}, 1 - get_bit(${column}, ${bit}))`;
  },
};

const tableNamed = (name: string) => {
  const [schema, table = ''] = name.split('.');
  // A balance of an account that there is not is said of the account.
  const tables = table === 'balances' ? ['balances', 'accounts'] : [table];
  return (difference: Difference): boolean =>
    schema === 'read'
      ? tables.includes(difference.table)
      : schema === 'audit'
        ? difference.table === name
        : ['journal', 'log'].includes(difference.table);
};

/** `ctid`s of so many rows of a table, by chance. */
async function rowsOf({ alone }: TamperBank, table: string, chance: Chance, count: number): Promise<readonly string[]> {
  const { rows } = await alone.query<{ ctid: string }>(`select ctid from ${table}`);
  return chance
    .shuffle(rows)
    .slice(0, count)
    .map(({ ctid }) => ctid);
}

const nameOfEvent = (position: number) => (difference: Difference) =>
  (difference.table === 'journal' && difference.key === String(position)) ||
  (difference.table === 'log' && difference.key === `event ${String(position)}`);

/** Gives whether it changed something. */
async function carryOut({ alone }: TamperBank, sql: string): Promise<boolean> {
  const results = await alone.query(sql);
  return (results.rowCount ?? 0) > 0;
}

const byteOfEvent: Tamper = async (bank, chance) => {
  const position = chance.whole(1, bank.size);
  const column = chance.pick(['data', 'metadata', 'type']) ?? '';
  const { rows } = await bank.alone.query<{ text: string }>(
    `select ${column} as text from journal.events where position = $1`,
    [position],
  );
  const text = rows[0]?.text ?? '';
  const at = chance.whole(0, text.length - 1);
  const byte = String.fromCharCode(chance.whole(33, 126));
  if (text[at] === byte) return undefined;
  const changed = text.slice(0, at) + byte + text.slice(at + 1);
  await bank.alone.query(`update journal.events set ${column} = $1 where position = $2`, [changed, position]);
  return { what: `event ${String(position)}, ${column}, character ${String(at)}`, isNamedBy: nameOfEvent(position) };
};

const idOfEvent: Tamper = async (bank, chance) => {
  const position = chance.whole(1, bank.size);
  await bank.alone.query('update journal.events set id = gen_random_uuid() where position = $1', [position]);
  return { what: `id of event ${String(position)}`, isNamedBy: nameOfEvent(position) };
};

const timeOfEvent: Tamper = async (bank, chance) => {
  const position = chance.whole(1, bank.size);
  const sql = `update journal.events set metadata = regexp_replace(metadata, '"recordedAt":"20', '"recordedAt":"21')
               where position = ${String(position)}`;
  if (!(await carryOut(bank, sql))) return undefined;
  return { what: `time of event ${String(position)}`, isNamedBy: nameOfEvent(position) };
};

const columnOfRow: Tamper = async (bank, chance) => {
  const table = chance.pick(await tablesOf(bank));
  const column = chance.pick(table?.columns ?? []);
  const [row] = await rowsOf(bank, table?.name ?? '', chance, 1);
  if (table === undefined || column === undefined || row === undefined) return undefined;
  const value = another[column.type];
  if (value === undefined)
    throw new Error(`no other value is known of type ${column.type}: ${table.name}.${column.name}`);
  const changed = value(column.name, chance);
  const sql = `update ${table.name} set ${column.name} = ${changed} where ctid = '${row}' and ${column.name} is distinct from ${changed}`;
  if (!(await carryOut(bank, sql))) return undefined;
  return { what: `${table.name}.${column.name}`, isNamedBy: tableNamed(table.name) };
};

const rowDeleted: Tamper = async (bank, chance) => {
  const table = chance.pick(await tablesOf(bank));
  const [row] = await rowsOf(bank, table?.name ?? '', chance, 1);
  if (table === undefined || row === undefined) return undefined;
  await carryOut(bank, `delete from ${table.name} where ctid = '${row}'`);
  return { what: `a row of ${table.name}`, isNamedBy: tableNamed(table.name) };
};

/** A copy of a row under another key. */
const rowInserted: Tamper = async (bank, chance) => {
  const table = chance.pick(await tablesOf(bank));
  const [row] = await rowsOf(bank, table?.name ?? '', chance, 1);
  if (table === undefined || row === undefined) return undefined;
  const { rows } = await bank.alone.query<{ name: string }>(
    `select a.attname as name from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
     where i.indrelid = $1::regclass and i.indisprimary`,
    [table.name],
  );
  const [key] = chance.shuffle(rows);
  const values = table.columns.map(({ name, type }) => (name === key?.name ? another[type]?.(name, chance) : name));
  const names = table.columns.map(({ name }) => name).join(', ');
  await carryOut(
    bank,
    `insert into ${table.name} (${names}) select ${values.join(', ')} from ${table.name} where ctid = '${row}'`,
  );
  return { what: `a row too many in ${table.name}`, isNamedBy: tableNamed(table.name) };
};

/** Two rows exchange what is in one column. */
const rowsSwapped: Tamper = async (bank, chance) => {
  const table = chance.pick(await tablesOf(bank));
  const column = chance.pick(table?.columns ?? []);
  const [one, other] = await rowsOf(bank, table?.name ?? '', chance, 2);
  if (table === undefined || column === undefined || one === undefined || other === undefined) return undefined;
  const { name } = column;
  const changed = await carryOut(
    bank,
    `update ${table.name} a set ${name} = b.${name} from ${table.name} b
     where ((a.ctid = '${one}' and b.ctid = '${other}') or (a.ctid = '${other}' and b.ctid = '${one}')) and a.${name} is distinct from b.${name}`,
  );
  return changed ? { what: `${table.name}.${name} of two rows`, isNamedBy: tableNamed(table.name) } : undefined;
};

export const tamperings: Readonly<Record<string, Tamper>> = {
  'a byte of an event': byteOfEvent,
  'an event’s id': idOfEvent,
  'an event’s time': timeOfEvent,
  'a column of a row': columnOfRow,
  'a row deleted': rowDeleted,
  'a row inserted': rowInserted,
  'two rows swapped': rowsSwapped,
  ...historyTamperings,
};
