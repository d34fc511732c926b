/** The results of verifications are events of the journal, and whoever alters or empties their table is found by the next one. */
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import * as calls from '../../api/src/calls/verification.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { eventHashing } from '../src/audit/event-hashes.ts';
import { carryOutVerification } from '../src/audit/carry-out-verification.ts';
import { nothingKnownOutside } from '../src/audit/outside-log.ts';
import type { RecordEnd } from '../src/audit/record-verification.ts';
import { verifyBank } from '../src/audit/verify.ts';
import type { Bank } from './support/bank.ts';
import { openBank } from './support/bank.ts';

let bank: Bank;
let token: string;
beforeEach(async () => {
  bank = await openBank();
  token = await bank.staff('auditor');
});
afterEach(() => bank.close());

const begin = async () => (await bank.client.call(calls.beginVerification, { token })).body.id;
const find = async (id: number) =>
  (await bank.client.call(calls.readVerification, { token, params: { id: String(id) } })).body;
async function ended(id: number) {
  await expect.poll(async () => (await find(id)).state).not.toBe('running');
  return find(id);
}
const log = () => ({ stateDir: bank.stateDir, policyFile: undefined, vkey: undefined });
const projected = (position: number | undefined) =>
  expect
    .poll(
      async () => (await bank.database.query('select from read.checkpoint where position >= $1', [position])).rowCount,
    )
    .toBe(1);

const results = async () =>
  (await bank.history()).flatMap(({ event, metadata }) =>
    event.type === 'VerificationEnded' ? [{ ...event, actor: metadata.actor }] : [],
  );

test('however one ends, its result is one event of whoever began it, and is in the journal before it is shown', async () => {
  await bank.customer({ amountMinor: 100n });
  const passed = await begin();
  await ended(passed);
  await bank.database.query('update read.balances set balance = balance + 1 where balance > 0');
  const differing = await begin();
  const found = await ended(differing);
  expect(found.state).toBe('differs');
  const { rows } = await bank.database.query<{ hash: string }>(
    `select encode(sha256(convert_to(differences::text, 'UTF8')), 'hex') as hash from audit.verifications where id = $1`,
    [differing],
  );
  const actor = `staff:${found.startedBy}`;
  expect(await results()).toMatchObject([
    { verification: passed, verified: found.position - 1, outcome: 'passed', differences: {}, actor },
    {
      ...{ verification: differing, verified: found.position, outcome: 'differs', actor },
      ...{ differences: { balances: 1 }, differencesHash: rows[0]?.hash },
    },
  ]);
});

test('a result is held against its event, both ways; one from before there were such events is left alone', async () => {
  await bank.database
    .query(`insert into audit.verifications (started_by, position, verified, total, differences, ended_at)
     values ('before', 0, 0, 0, '[]', now())`);
  const first = await begin();
  expect(await ended(first)).toMatchObject({ state: 'passed' });
  // Right behind the first, whose event the read model may not have yet.
  const second = await begin();
  expect(await ended(second)).toMatchObject({ state: 'passed' });
  await projected((await bank.history()).length);

  const columns = await bank.database.query<{ name: string; type: string }>(
    `select attname as name, format_type(atttypid, null) as type from pg_attribute
     where attrelid = 'audit.verifications'::regclass and attnum > 0 and not attisdropped
       and attgenerated = '' and attidentity = ''`,
  );
  expect(columns.rows.length).toBeGreaterThan(11);
  const another: Readonly<Record<string, (name: string) => string>> = {
    bigint: (name) => `coalesce(${name}, 0) + 1`,
    numeric: (name) => `coalesce(${name}, 0) + 1`,
    text: (name) => `coalesce(${name}, '') || 'x'`,
    jsonb: (name) => `coalesce(${name}, '[]') || '[1]'`,
    'timestamp with time zone': (name) => `${name} + interval '1 microsecond'`,
  };
  for (const { name, type } of columns.rows) {
    const sql = `update audit.verifications set ${name} = ${another[type]?.(name) ?? ''} where id = ${String(first)}`;
    expect(await namedAfter(sql), name).toContainEqual(expect.objectContaining({ key: String(first), column: name }));
  }
  const key = String(first);
  expect(await namedAfter(`delete from audit.verifications where id = ${key}`)).toEqual([
    expect.objectContaining({ table: 'audit.verifications', key }),
  ]);
  expect(
    await namedAfter(`insert into audit.verifications (id, started_by, position, verified, total, differences, ended_at)
      overriding system value values (9999, 'nobody', 1, 1, 0, '[]', now())`),
  ).toEqual([{ table: 'audit.verifications', key: '9999', readModel: 'has a result' }]);
  expect(await namedAfter('truncate audit.verifications')).toHaveLength(2);
  expect(await namedAfter('select')).toEqual([]);
});

/** What a verification finds in the results once this was done, which is then taken back. */
async function namedAfter(sql: string) {
  const client = await bank.database.connect();
  const journal = openJournal(bank.eventLog, bank.database);
  try {
    await client.query('begin');
    await client.query(sql);
    const { differences } = await verifyBank(
      {
        ...{ journal, reader: client, hashEvents: eventHashing(bank.macKey), outside: nothingKnownOutside },
        vault: postgresVault({ pool: bank.database, masterKeys: bank.masterKeys }),
      },
      await journal.head(),
      { onProgress: () => Promise.resolve(), signal: new AbortController().signal },
    );
    return differences;
  } finally {
    await client.query('rollback');
    client.release();
    await journal.close();
  }
}

test('one whose server is gone after the journal had its result has ended with it', async () => {
  const id = await begin();
  const before = await ended(id);
  await projected((await bank.history()).length);
  await bank.database.query('update audit.verifications set ended_at = null where id = $1', [id]);
  await carryOut(() => Promise.resolve(true));
  expect(await find(id)).toMatchObject({ state: 'passed', endedAt: before.endedAt });
});

test('a result that the journal did not take is none, and one of which nobody knows is left open', async () => {
  await carryOut(() => Promise.resolve(false));
  const { verifications } = (await bank.client.call(calls.listVerifications, { token })).body;
  expect(verifications[0]).toMatchObject({
    ...{ state: 'broken_off', failure: 'Its result could not be written to the journal.' },
  });
  await carryOut(() => Promise.resolve(undefined));
  const { body } = await bank.client.call(calls.listVerifications, { token });
  expect(body.verifications[0]?.endedAt).toBeUndefined();
});

async function carryOut(recordEnd: RecordEnd): Promise<void> {
  const pool = new pg.Pool({ connectionString: bank.logIns.server, options: '-c role=grandlivre_server', max: 2 });
  const journal = openJournal(bank.eventLog, pool);
  const vault = postgresVault({ pool, masterKeys: bank.masterKeys });
  try {
    await carryOutVerification({
      ...{ pool, journal, vault, startedBy: 'a', log: log(), onBegun: () => undefined, recordEnd },
      ...{ hashEvents: eventHashing(bank.macKey), signal: new AbortController().signal },
    });
  } finally {
    await journal.close();
    await pool.end();
  }
}
