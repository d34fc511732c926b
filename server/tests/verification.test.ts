/** Verifications in a bank that works: one at a time, in pieces at a fixed position, and always told how far they came. */
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { deposit, transfer } from '../../api/src/calls/money.ts';
import { freezeAccount } from '../../api/src/calls/operations.ts';
import * as calls from '../../api/src/calls/verification.ts';
import { encode } from '../../ledger/src/domain/codec.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { postgresVault } from '../../ledger/src/vault/vault.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import { eventHashing } from '../src/audit/event-hashes.ts';
import { carryOutVerification } from '../src/audit/carry-out-verification.ts';
import { accountFold, shardOf } from '../src/audit/account-fold.ts';
import type { Bank } from './support/bank.ts';
import { openBank, person } from './support/bank.ts';

const { pin } = person;
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

test('while money moves and accounts are opened and frozen, a bank in order passes', async () => {
  const [one, other] = [await bank.customer({ amountMinor: 10_000n }), await bank.customer()];
  const operator = await bank.staff('operator');
  const over = new AbortController();
  const busy = (async () => {
    for (let n = 0; n < 300 && !over.signal.aborted; n++) {
      await bank.client.call(transfer, { token: one.token, body: { to: other.account, amount: '0.01', pin } });
      if (n % 20 !== 0) continue;
      const { account } = await bank.customer({ amountMinor: 100n });
      await bank.client.call(freezeAccount, { token: operator, params: { account }, body: { reason: 'why' } });
    }
  })();
  for (let n = 0; n < 3; n++) {
    expect(await ended(await begin())).toMatchObject({ state: 'passed', differences: [], total: '0.00' });
  }
  over.abort();
  await busy;
});

test('two asked for at once are one, on whichever server', async () => {
  await bank.customer({ amountMinor: 100n });
  const second = await bank.startServer();
  const holder = await bank.database.connect();
  // Long enough for both to be asked for: the comparison waits.
  await holder.query('begin');
  await holder.query('lock table read.entries in access exclusive mode');
  const first = await begin();
  const again = (await second.client.call(calls.beginVerification, { token })).body.id;
  await holder.query('rollback');
  holder.release();
  expect(again).toBe(first);
  expect(await ended(first)).toMatchObject({ state: 'passed' });
});

test('one whose server is gone is broken off, never complete, and the next one begins', async () => {
  await bank.database.query(`insert into audit.verifications (started_by, position, verified, changed_at)
     values ('a', 9, 4, now() - interval '1 hour')`);
  const id = await begin();
  expect(await ended(id)).toMatchObject({ state: 'passed' });
  expect(await find(id - 1)).toMatchObject({
    ...{ state: 'broken_off', verified: 4, failure: 'The server that carried it out is gone.' },
  });
});

test('a server that stops records how far it came', async () => {
  await bank.customer({ amountMinor: 100n });
  const second = await bank.startServer();
  const holder = await bank.database.connect();
  await holder.query('begin');
  await holder.query('lock table read.entries in access exclusive mode');
  const { id } = (await second.client.call(calls.beginVerification, { token })).body;
  const stopped = second.stop();
  await holder.query('rollback');
  holder.release();
  await stopped;
  const found = await ended(id);
  expect(found.state === 'broken_off' || found.state === 'passed').toBe(true);
  const { rows } = await bank.database.query('select from pg_locks where locktype = $1 and objid = $2', [
    ...['advisory', advisoryLocks.verification],
  ]);
  expect(rows).toEqual([]);
});

/** The journal as it is, up to a position. */
async function cut(end: number) {
  const events = (await bank.history()).map(({ position, id, event, metadata }) => ({
    ...{ position, ...encode(id, event, metadata) },
  }));
  return {
    read: ({ from, limit }: { from: number; limit: number }) =>
      Promise.resolve(events.slice(from - 1, Math.min(end, from - 1 + limit))),
  };
}

test('a verification that is broken off is recorded as that, with its position, and leaves no connection', async () => {
  const { token: session } = await bank.customer({ amountMinor: 100n });
  const { body } = await bank.client.call(deposit, { token: session, body: { amount: '1', pin } });
  await projected(body.position);
  const pool = new pg.Pool({ connectionString: bank.logIns.server, options: '-c role=grandlivre_server', max: 2 });
  const vault = postgresVault({ pool, masterKeys: bank.masterKeys });
  let id = 0;
  const begun = await carryOutVerification({
    ...{
      pool,
      vault,
      hashEvents: eventHashing(bank.macKey),
      journal: await cut(3),
      startedBy: 'a',
      log: log(),
      signal: new AbortController().signal,
    },
    recordEnd: () => Promise.resolve(true),
    onBegun: (made) => (id = made),
  });
  expect(begun).toBe(true);
  expect(pool.totalCount - pool.idleCount).toBe(0);
  await pool.end();
  const found = await find(id);
  expect(found).toMatchObject({
    ...{ state: 'broken_off', verified: 3, position: body.position, differenceCount: 1 },
    failure: 'The journal ends after position 3.',
  });
  expect(found.accounts).toBeUndefined();
  const { verifications } = (await bank.client.call(calls.listVerifications, { token })).body;
  expect(verifications[0]).toMatchObject({ id, differenceCount: 1 });
  expect(verifications[0]).not.toHaveProperty('differences');
});

test('a lock that another has is left alone', async () => {
  const holder = await bank.database.connect();
  await holder.query('select pg_advisory_lock($1)', [advisoryLocks.verification]);
  const pool = new pg.Pool({ connectionString: bank.logIns.server, options: '-c role=grandlivre_server', max: 2 });
  const vault = postgresVault({ pool, masterKeys: bank.masterKeys });
  const journal = openJournal(testEventLog(), pool);
  const onBegun = (): never => {
    throw new Error('it must not begin');
  };
  expect(
    await carryOutVerification({
      ...{
        pool,
        journal,
        vault,
        hashEvents: eventHashing(bank.macKey),
        startedBy: 'a',
        log: log(),
        onBegun,
        signal: new AbortController().signal,
      },
      recordEnd: () => Promise.resolve(true),
    }),
  ).toBe(false);
  expect(pool.totalCount).toBe(0);
  await pool.end();
  await journal.close();
  holder.release(true);
});

test.each([
  ['without a code', (metadata: string) => metadata.replace(/,"mac":"[^"]*"/, '')],
  ['with the code of another', (metadata: string) => metadata],
])('an event that fits all others, %s, is named: it is none of the bank’s', async (_, writtenBy) => {
  const { account, token: session } = await bank.customer({ amountMinor: 100n });
  const made = await bank.client.call(deposit, { token: session, body: { amount: '1', pin } });
  const last = (await bank.history()).at(-1);
  if (last?.event.type !== 'Deposited') throw new Error('the deposit is the last event');
  const postings = last.event.postings.map(({ version, balance, ...posting }) => ({
    ...{ ...posting, version: version + 1, balance: balance + posting.amount },
  }));
  const position = last.position + 1;
  const event = { ...last.event, postings: postings as unknown as typeof last.event.postings };
  const metadata = { ...last.metadata, commandId: `account:${account}:invented` };
  const { type, data, ...stored } = encode('0b1de5f6-6f4c-4dc5-9bb2-9e0b5fb0f6f4', event, metadata);
  await bank.database.query(
    'insert into journal.events (position, id, type, data, metadata) values ($1, $2, $3, $4, $5)',
    [position, stored.id, type, data, writtenBy(stored.metadata)],
  );
  await projected(position);
  expect(made.body.position).toBe(last.position);
  expect(await ended(await begin())).toMatchObject({
    state: 'differs',
    differences: [{ table: 'journal', key: String(position) }],
  });
});

test('the fold has room for more accounts than one Map takes', () => {
  const counts = new Map<number, number>();
  for (let n = 1; n <= 640_000; n++) {
    const shard = shardOf(String(n));
    counts.set(shard, (counts.get(shard) ?? 0) + 1);
  }
  expect(counts.size).toBe(64);
  // A Map takes 2^24: with no shard more than twice as full as another, 64 take 2^29 accounts.
  expect(Math.max(...counts.values())).toBeLessThan(2 * Math.min(...counts.values()));
  const fold = accountFold();
  for (let n = 1; n <= 200_000; n++) {
    const customer = { customer: '1', accountType: 'current', currency: 'EUR', floor: 0n } as const;
    fold.take({ type: 'AccountOpened', account: String(n), ...customer });
  }
  expect(fold.count).toBe(200_000);
  expect(fold.of('199999')).toEqual({ version: 0, balance: 0n, status: 'open', events: 1 });
  fold.markCompared('5');
  expect([...fold.notCompared()]).toHaveLength(199_999);
});
