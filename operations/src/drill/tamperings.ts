/** Every way in which the tamper drill alters a bank's database, chosen by chance, and by what its finding is known. */
import type { Difference } from '../../../server/src/audit/difference.ts';
import { signCheckpoint } from '../../../ledger/src/transparency/checkpoint.ts';
import { entryOf } from '../../../ledger/src/transparency/entry.ts';
import type { SigningKey } from '../../../ledger/src/transparency/note.ts';
import { noteText, signingKey, vkeyOf } from '../../../ledger/src/transparency/note.ts';
import { emptyEdge, grow, rootOfEdge } from '../../../ledger/src/transparency/tiles.ts';
import { leafHash } from '../../../ledger/src/transparency/tree.ts';
import type { Chance } from './chance.ts';
import type { TamperBank } from './tamper-bank.ts';

/** What was done, and whether a difference names it. */
export type Tampering = { readonly what: string; readonly isNamedBy: (difference: Difference) => boolean };

/** Undefined where there was nothing to alter, or the database itself refuses it, whatever the role. */
export type Tamper = (bank: TamperBank, chance: Chance) => Promise<Tampering | undefined>;

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

const ofLog = ({ table }: Difference): boolean => table === 'log';

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

const cut = (bank: TamperBank, chance: Chance): number => bank.size - chance.whole(1, 100);

const tailOfJournal: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await carryOut(bank, `delete from journal.events where position > ${String(end)}`);
  return { what: `journal cut after ${String(end)}`, isNamedBy: ofLog };
};

const tailOfBoth: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await carryOut(bank, `delete from journal.events where position > ${String(end)}`);
  await bank.rebuild();
  return { what: `journal and read model cut after ${String(end)}`, isNamedBy: ofLog };
};

/** Tiles and checkpoint of the journal as it is now. */
async function signAnew({ alone, journal }: TamperBank, key: SigningKey): Promise<ReturnType<typeof signCheckpoint>> {
  const stored = await journal.read({ from: 1, limit: 100_000 });
  const { edge, tiles } = grow(
    emptyEdge,
    stored.map((event) => leafHash(entryOf(event))),
  );
  const note = signCheckpoint(key, { origin: key.name, size: edge.size, root: rootOfEdge(edge) });
  await alone.query('truncate log.tiles');
  for (const { level, index, hashes } of tiles) {
    await alone.query('insert into log.tiles values ($1, $2, $3)', [level, index, hashes]);
  }
  await alone.query('update log.checkpoint set size = $1, note = $2, vkey = $3', [
    edge.size,
    noteText(note),
    vkeyOf(key),
  ]);
  return note;
}

/** One of the last deposits is larger by a euro and all that follows fits, in events and rows. */
async function rewriteSuffix(bank: TamperBank, chance: Chance): Promise<string> {
  const { alone } = bank;
  const { rows } = await alone.query<{ position: string; data: string }>(
    `select position, data from journal.events where type = 'Deposited' order by position desc limit 60`,
  );
  const deposits = rows.map(({ position, data }) => ({ position, data: JSON.parse(data) as Deposit }));
  const first = deposits[chance.whole(0, Math.max(0, deposits.length - 1))];
  if (first === undefined) throw new Error('the drill’s bank has no deposit');
  const touched = new Set(first.data.postings.map(({ account }) => account));
  const { rows: suffix } = await alone.query<{ position: string; data: string }>(
    'select position, data from journal.events where position >= $1 order by position',
    [first.position],
  );
  for (const { position, data } of suffix) {
    const changed = JSON.parse(data) as Partial<Deposit>;
    if (!Array.isArray(changed.postings)) continue;
    const isFirst = position === first.position;
    for (const posting of changed.postings) {
      if (!touched.has(posting.account)) continue;
      const sign = Math.sign(Number(first.data.postings.find(({ account }) => account === posting.account)?.amount));
      posting.balance = String(BigInt(posting.balance) + BigInt(sign) * 100n);
      if (isFirst) posting.amount = String(BigInt(posting.amount) + BigInt(sign) * 100n);
    }
    await alone.query('update journal.events set data = $1 where position = $2', [JSON.stringify(changed), position]);
  }
  await bank.rebuild();
  return first.position;
}

type Deposit = { postings: { account: string; amount: string; balance: string }[] };

const suffixRewritten: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  return { what: `every event from ${from} on`, isNamedBy: ofLog };
};

const suffixAndTilesRewritten: Tamper = async (bank, chance) => {
  const before = await bank.alone.query<{ note: string; size: string }>('select note, size from log.checkpoint');
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, bank.key);
  const [row] = before.rows;
  await bank.alone.query('update log.checkpoint set note = $1, size = $2', [row?.note, row?.size]);
  return { what: `every event from ${from} on, and the tiles`, isNamedBy: ofLog };
};

const newLog: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, signingKey(bank.key.name, 0x01, Buffer.alloc(32, 9)));
  return { what: `every event from ${from} on, and the whole log under another key`, isNamedBy: ofLog };
};

/** What an older copy of the database, and of the signer's file, would hold. */
const earlierCopy: Tamper = async (bank, chance) => {
  const end = cut(bank, chance);
  await carryOut(bank, `delete from journal.events where position > ${String(end)}`);
  await bank.rebuild();
  await signAnew(bank, bank.key);
  return { what: `everything as it was at ${String(end)}`, isNamedBy: ofLog };
};

/** By somebody with the signing key; what witnesses and the server's disk remember is all that is left. */
export const rewrittenBySigner: Tamper = async (bank, chance) => {
  const from = await rewriteSuffix(bank, chance);
  await signAnew(bank, bank.key);
  return { what: `every event from ${from} on, signed under the log’s key`, isNamedBy: ofLog };
};

/** An event that fits, in journal and read model, before the signer has been there. */
export const eventInvented: Tamper = async (bank) => {
  const { rows } = await bank.alone.query<{ type: string; data: string; metadata: string }>(
    `select type, data, metadata from journal.events where type = 'Deposited' order by position desc limit 1`,
  );
  const [last] = rows;
  if (last === undefined) return undefined;
  const data = JSON.parse(last.data) as { postings: { version: number; amount: string; balance: string }[] };
  for (const posting of data.postings) {
    posting.version += 1;
    posting.balance = String(BigInt(posting.balance) + BigInt(posting.amount));
  }
  await bank.alone.query(
    'insert into journal.events (position, id, type, data, metadata) values ($1, gen_random_uuid(), $2, $3, $4)',
    [
      bank.size + 1,
      last.type,
      JSON.stringify(data),
      last.metadata.replace(/"commandId":"[^"]*"/, '"commandId":"account:100001:invented"'),
    ],
  );
  await bank.rebuild();
  return { what: `event ${String(bank.size + 1)}`, isNamedBy: ofLog };
};

export const tamperings: Readonly<Record<string, Tamper>> = {
  'a byte of an event': byteOfEvent,
  'an event’s id': idOfEvent,
  'an event’s time': timeOfEvent,
  'a column of a row': columnOfRow,
  'a row deleted': rowDeleted,
  'a row inserted': rowInserted,
  'two rows swapped': rowsSwapped,
  'tail cut, journal alone': tailOfJournal,
  'tail cut, journal and read model': tailOfBoth,
  'suffix rewritten, read model rebuilt': suffixRewritten,
  'suffix and tiles rewritten': suffixAndTilesRewritten,
  'suffix rewritten, whole log under another key': newLog,
  'suffix rewritten, whole log under the same key': rewrittenBySigner,
  'everything put back to an earlier copy': earlierCopy,
};
