/** The verification sees every column of every table of the read model, and every event: whatever is altered is named. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { deposit, transfer, withdraw } from '../../api/src/calls/money.ts';
import { freezeAccount } from '../../api/src/calls/operations.ts';
import { encode } from '../../ledger/src/domain/codec.ts';
import type { JournalEvent } from '../../ledger/src/journal/journal.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { eventHashing } from '../src/audit/event-hashes.ts';
import { nothingKnownOutside } from '../src/audit/outside-log.ts';
import type { Verified } from '../src/audit/verify.ts';
import { verifyBank } from '../src/audit/verify.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
let bank: Bank;
let journal: readonly JournalEvent[];
let accounts: readonly string[];

/** Customers who deposit, withdraw and transfer; one is frozen, one is locked, one is unlocked. */
beforeAll(async () => {
  bank = await openBank();
  const operator = await bank.staff('operator');
  const customers = await Promise.all(Array.from({ length: 4 }, () => bank.customer({ amountMinor: 10_000n })));
  const [one, two, three] = customers;
  if (one === undefined || two === undefined || three === undefined) throw new Error('there are four');
  accounts = customers.map(({ account }) => account);
  await bank.client.call(deposit, { token: one.token, body: { amount: '5', pin } });
  await bank.client.call(withdraw, { token: one.token, body: { amount: '7', pin } });
  const to = { to: two.account, amount: '1.50', reference: 'loyer de l’été 🏠 1:2 - ', pin };
  await bank.client.call(transfer, { token: one.token, body: to });
  await bank.client.call(freezeAccount, { token: operator, params: { account: two.account }, body: { reason: 'why' } });
  for (let n = 0; n < 3; n++) {
    await bank.client.call(deposit, { token: three.token, body: { amount: '1', pin: '0001' } });
  }
  journal = await vi.waitUntil(storedOnceLocked, { timeout: 30_000 });
});
beforeEach(() => expect.poll(readModelIsAt).toBe(journal.length));
afterAll(() => bank.close());

/** The lock follows its log-in's answer: nothing comes after it. */
async function storedOnceLocked(): Promise<readonly JournalEvent[] | undefined> {
  const history = await bank.history();
  if (!history.some(({ event }) => event.type === 'AccessLocked')) return undefined;
  return history.map(({ position, id, event, metadata }) => ({ position, ...encode(id, event, metadata) }));
}

const readModelIsAt = async (): Promise<number> => {
  const { rows } = await bank.database.query<{ position: string }>('select position from read.checkpoint');
  return Number(rows[0]?.position);
};

function verify(events: readonly JournalEvent[] = journal): Promise<Verified> {
  return verifyBank(
    {
      journal: {
        read: ({ from, limit }) => Promise.resolve(events.filter(({ position }) => position >= from).slice(0, limit)),
      },
      ...{ reader: bank.database, hashEvents: eventHashing(bank.macKey) },
      vault: postgresVault({ pool: bank.database, masterKeys: bank.masterKeys }),
      outside: nothingKnownOutside,
    },
    journal.length,
    { onProgress: () => Promise.resolve(), signal: new AbortController().signal },
  );
}

type Column = { table: string; column: string; type: string; is_key: boolean };

/** Every one that is not made from others. */
async function columns(): Promise<readonly Column[]> {
  const { rows } = await bank.database.query<Column>(`
    select t.relname as table, a.attname as column, format_type(a.atttypid, null) as type, i.indrelid is not null as is_key
    from pg_class t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
      left join pg_index i on i.indrelid = t.oid and i.indisprimary and a.attnum = any (i.indkey)
    where t.relnamespace = 'read'::regnamespace and t.relkind = 'r' and t.relname <> 'checkpoint' and a.attgenerated = ''
    order by 1, a.attnum`);
  return rows;
}

/** Another value of the column's type, however near. */
const another: Readonly<Record<string, (column: string) => string>> = {
  bigint: (column) => `coalesce(${column}, 0) + 1`,
  smallint: (column) => `1 - ${column}`,
  numeric: (column) => `${column} + 1`,
  text: (column) => `coalesce(${column}, '') || 'x'`,
  uuid: () => `(select key_id from vault.customer_keys order by key_id limit 1)`,
  date: (column) => `${column} + 1`,
  'timestamp with time zone': (column) => `coalesce(${column}, now()) + interval '1 microsecond'`,
};

/** What is done is undone, whatever comes of it. */
async function tampered(sql: string, check: (found: Verified) => void): Promise<void> {
  const [, table = ''] = /read\.(\w+)/.exec(sql) ?? [];
  await bank.database.query(`create table public.before_tampering as table read.${table}`);
  try {
    const { rowCount } = await bank.database.query(sql);
    expect(rowCount, sql).toBeGreaterThan(0);
    check(await verify());
  } finally {
    const { rows } = await bank.database.query<{ names: string }>(
      `select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_attribute
       where attrelid = $1::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      [`read.${table}`],
    );
    const names = rows[0]?.names ?? '';
    await bank.database.query(
      `truncate read.${table}; insert into read.${table} (${names}) select ${names} from public.before_tampering;
       drop table public.before_tampering`,
    );
  }
}

test('a bank in order has no difference', async () => {
  expect(await verify()).toMatchObject({ is: 'complete', verified: journal.length, differences: [], total: 0n });
});

test('each entry is looked at alone only where all of them together are not what they should be', async () => {
  const query = vi.spyOn(bank.database, 'query');
  const looked = (): number => query.mock.calls.filter(([sql]) => JSON.stringify(sql).includes('verify_each')).length;
  try {
    await verify();
    expect(looked()).toBe(0);
    await tampered(`update read.entries set reference = 'rent ' where reference is not null`, ({ differences }) => {
      expect(differences).toContainEqual(expect.objectContaining({ table: 'entries', column: 'reference' }));
    });
    expect(looked()).toBe(1);
  } finally {
    query.mockRestore();
  }
});

test('every column of every table: one altered value is named with its table and column', async () => {
  const all = await columns();
  expect(all.length).toBeGreaterThan(40);
  for (const { table, column, type, is_key: isKey } of all) {
    const value = another[type]?.(column) ?? '';
    const sql = `update read.${table} set ${column} = ${value} where ctid = (select max(ctid) from read.${table}
                 where ${column} is distinct from ${value})`;
    await tampered(sql, ({ differences }) => {
      // Whoever alters what a row is found by leaves one missing and makes another.
      const wanted = isKey ? { table } : { table, column };
      expect(differences, `${table}.${column}`).toContainEqual(expect.objectContaining(wanted));
    });
  }
  expect(await verify()).toMatchObject({ differences: [] });
});

test('every table: a row that is missing and one too many are named', async () => {
  const tables = new Set((await columns()).map(({ table }) => table));
  for (const table of tables) {
    await tampered(`delete from read.${table} where ctid = (select max(ctid) from read.${table})`, (found) => {
      expect(found.differences, `missing in ${table}`).toContainEqual(expect.objectContaining({ table }));
    });
  }
  const surplus: Readonly<Record<string, string>> = {
    account_events: `insert into read.account_events values ('77', 2)`,
    accounts: `insert into read.accounts (account, currency, floor) values ('77', 'EUR', 0)`,
    balances: `insert into read.balances values ('77', 0, 0)`,
    customers: `insert into read.customers select '77', key_id, 'a', 'b', 'a b' from vault.customer_keys limit 1`,
    daily_totals: `insert into read.daily_totals values ('2001-01-01', 0, 0, 0, 0)`,
    entries: `insert into read.entries select '77', version, position, posting, type, recorded_at, value_date, amount,
                balance from read.entries limit 1`,
    idempotency_keys: `insert into read.idempotency_keys values (gen_random_uuid(), 1)`,
    kind_totals: `insert into read.kind_totals values ('other', 0, 0)`,
    status_totals: `insert into read.status_totals values ('other', 0)`,
  };
  expect(new Set(Object.keys(surplus))).toEqual(tables);
  for (const [table, sql] of Object.entries(surplus)) {
    await tampered(sql, ({ differences }) => {
      // A balance of an account that there is not, is said of the account.
      const named = expect.objectContaining({ table: table === 'balances' ? 'accounts' : table }) as object;
      expect(differences, `too many in ${table}`).toContainEqual(named);
    });
  }
});

test('no difference says a name', async () => {
  await tampered(`update read.customers set first_name = 'Mallory', last_name = 'x', search = 'y'`, (found) => {
    expect(found.differences.length).toBeGreaterThan(3);
    expect(JSON.stringify(found.differences)).not.toMatch(new RegExp(`Mallory|${person.firstName}|${person.lastName}`));
  });
});

test('a customer whose key is destroyed has no row, and that is no difference', async () => {
  const { rows } = await bank.database.query(
    `delete from vault.customer_keys where key_id = (select key_id from read.customers order by customer limit 1)
     returning key_id, wrapped, created_at, generation`,
  );
  expect(rows).toHaveLength(1);
  expect(await verify()).toMatchObject({ differences: [] });
});

test('a sealed profile that was altered is named by its customer, and stops nothing', async () => {
  const events = journal.map((one) => ({
    ...one,
    data:
      one.type === 'CustomerRegistered' && one.position < 5
        ? one.data.replace(/("profile":"[^"]{20})./, '$1!')
        : one.data,
  }));
  expect(events).not.toEqual(journal);
  const found = await verify(events);
  expect(found.is).toBe('complete');
  expect(new Set(found.differences.map(({ table, column }) => `${table}.${column ?? ''}`))).toEqual(
    new Set(['journal.', 'customers.profile']),
  );
});

const contradiction = (version: number) =>
  JSON.stringify({
    currency: 'EUR',
    postings: [
      { account: accounts[0], amount: '100', version, balance: '100' },
      { account: 'cash:desk', amount: '-100', version: 1, balance: '-100' },
    ],
  });

test.each<[string, () => Partial<JournalEvent> | undefined, RegExp]>([
  ['is no JSON', () => ({ data: '{"half' }), /^holds bytes that are no JSON/],
  ['is of no known type', () => ({ type: 'Vanished' }), /^holds an event of a type that/],
  ['contradicts what there is', () => ({ type: 'Deposited', data: contradiction(99) }), /account \d+/],
  ['is missing', () => undefined, /^is missing$/],
])('an event that %s is named by its position, and no account but its own is', async (_what, change, reason) => {
  for (const { position, type } of journal) {
    const events = journal.flatMap((one) => {
      const changed = one.position === position ? change() : {};
      return changed === undefined ? [] : [{ ...one, ...changed }];
    });
    const found = await verify(events);
    if (position === journal.length && change() === undefined) {
      // The tail is cut.
      const end = `The journal ends after position ${String(position - 1)}.`;
      expect(found).toMatchObject({ is: 'broken_off', reason: end, verified: position - 1 });
      expect(found.differences).toContainEqual(expect.objectContaining({ table: 'journal', key: String(position) }));
      continue;
    }
    expect(found, type).toMatchObject({ is: 'complete', verified: journal.length });
    expect(found.differences).toContainEqual({
      ...{ table: 'journal', key: String(position), journal: expect.stringMatching(reason) as string },
    });
    const touched = JSON.stringify([journal[position - 1], events.find((one) => one.position === position)]);
    const others = accounts.filter(
      (account) => !touched.includes(`"${account}"`) && !touched.includes(`\\"${account}\\"`),
    );
    const named = found.differences.map(({ account }) => account);
    expect(others.filter((account) => named.includes(account))).toEqual([]);
  }
});

test('a journal whose end is missing is compared up to there, and no account is called wrong for what came after', async () => {
  const end = journal.length - 6;
  const found = await verify(journal.slice(0, end));
  expect(found).toMatchObject({ is: 'broken_off', verified: end });
  expect(found.differences).toEqual([
    { table: 'journal', key: String(end + 1), readModel: `is at ${String(journal.length)}` },
  ]);
});
