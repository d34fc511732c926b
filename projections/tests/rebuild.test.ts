/** A rebuild gives the same rows, reports what differs, and replaces the read model while it is in use. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { advisoryLocks } from '../../ledger/src/postgres-names.ts';
import { projectorConnection } from '../src/connection.ts';
import { readModel } from '../src/postgres-read-model.ts';
import type { Rebuilt } from '../src/rebuild.ts';
import { rebuild } from '../src/rebuild.ts';
import type { TestBank } from './bank.ts';
import { decryptProfiles, testBank } from './bank.ts';
import type { ReadModelDatabase } from './read-model-database.ts';
import { readModelDatabase } from './read-model-database.ts';

let database: ReadModelDatabase;
let bank: TestBank;

beforeEach(async () => {
  database = await readModelDatabase();
  bank = testBank();
  bank.open({ firstName: 'Anna', lastName: 'Un' });
  bank.open({ firstName: 'Béla', lastName: 'Deux' });
  bank.deposit('1', 100_000n);
  for (let n = 0; n < 100; n += 1) bank.transfer('1', '2', 1n);
  bank.do({ type: 'FreezeAccount', account: '2', reason: 'why' });
  bank.do({ type: 'UnfreezeAccount', account: '2', reason: 'why' });
  await database.write(bank);
});

afterEach(async () => {
  await database.drop();
});

async function runRebuild(
  onProgress: (target: number) => void = () => undefined,
): Promise<Rebuilt | 'under way already'> {
  const connect = async (config: pg.ClientConfig): Promise<pg.Client> => {
    const client = new pg.Client(config);
    await client.connect();
    return client;
  };
  const owner = await connect({ connectionString: database.url });
  const observer = await connect({ connectionString: database.url });
  const writer = await connect(projectorConnection(database.url, 'read_next'));
  try {
    return await rebuild({
      journal: database.journal,
      decryptProfiles,
      owner,
      observer,
      writer,
      onProgress: ({ target }) => {
        onProgress(target);
      },
    });
  } finally {
    await Promise.all([owner.end(), observer.end(), writer.end()]);
  }
}

const differing = (rebuilt: Rebuilt | 'under way already'): unknown =>
  rebuilt === 'under way already'
    ? rebuilt
    : rebuilt.comparisons.filter((table) => table.differing > 0).map(({ table, examples }) => [table, examples]);

/** How the tables are made: all that a rebuild must not lose. */
async function definitions(): Promise<unknown> {
  const { rows: columns } = await database.pool.query(
    `select table_name, column_name, data_type, is_nullable, column_default, collation_name, generation_expression
     from information_schema.columns where table_schema = 'read' order by table_name, ordinal_position`,
  );
  const { rows: indexes } = await database.pool.query(
    `select indexname, indexdef from pg_indexes where schemaname = 'read' order by 1`,
  );
  const { rows: settings } = await database.pool.query(
    `select relname, reloptions from pg_class where relnamespace = 'read'::regnamespace order by 1`,
  );
  const { rows: constraints } = await database.pool.query(
    `select conrelid::regclass::text as on, conname, pg_get_constraintdef(oid) as definition
     from pg_constraint where connamespace = 'read'::regnamespace order by 1, 2`,
  );
  const { rows: grants } = await database.pool.query(
    `select table_name, grantee, privilege_type from information_schema.role_table_grants
     where table_schema = 'read' and grantee like 'grandlivre%' order by 1, 2, 3`,
  );
  return { columns, indexes, settings, constraints, grants };
}

test('rebuilds the same rows, columns, indexes, settings and rights', async () => {
  await database.apply(bank.recorded, 50);
  const [content, kind] = [await database.content(), await definitions()];
  const rebuilt = await runRebuild();
  expect(differing(rebuilt)).toEqual([]);
  expect(rebuilt).toMatchObject({ position: bank.recorded.length });
  expect(rebuilt).toHaveProperty('comparisons[5]', { table: 'entries', rows: 202, differing: 0, examples: [] });
  expect(await database.content()).toEqual(content);
  expect(await definitions()).toEqual(kind);
  const { rows } = await database.pool.query(`select nspname from pg_namespace where nspname like 'read%'`);
  expect(rows).toEqual([{ nspname: 'read' }]);
});

test('reports altered rows by their keys, and repairs them', async () => {
  await database.apply(bank.recorded, 50);
  const content = await database.content();
  await database.pool.query(`
    update read.balances set balance = balance + 1 where account = '2';
    delete from read.entries where account = '1' and version = 7;
    insert into read.account_events values ('9', 9);
    update read.customers set last_name = 'Autre' where customer = '1'`);
  expect(differing(await runRebuild())).toEqual([
    ['account_events', ['9 / 9']],
    ['balances', ['2']],
    ['customers', ['1']],
    ['entries', ['1 / 7']],
  ]);
  expect(await database.content()).toEqual(content);
});

test('leaves the checkpoint where it was, also when the read model is behind', async () => {
  await database.apply(bank.recorded.slice(0, 30), 50);
  expect(await runRebuild()).toMatchObject({ position: 30 });
  expect(await readModel({ pool: database.pool }).position()).toBe(30);
});

test('projector, writers and readers go on during a rebuild', async () => {
  database.startProjector();
  await database.caughtUp();
  const known = readModel({ pool: database.pool });
  let [done, reads, position] = [false, 0, 0];
  const reading = (async () => {
    while (!done) {
      const now = await known.position();
      expect(now).toBeGreaterThanOrEqual(position);
      position = now;
      const [account] = await Promise.all([known.account('2'), known.entries('2', { limit: 5 })]);
      expect(account?.holder?.firstName).toBe('Béla');
      reads += 1;
    }
  })();
  const writing = (async () => {
    while (!done) {
      for (let n = 0; n < 20; n += 1) bank.transfer('1', '2', 1n);
      await database.write(bank);
      await sleep(5);
    }
  })();
  for (let round = 0; round < 5; round += 1) {
    expect(differing(await runRebuild())).toEqual([]);
  }
  done = true;
  await Promise.all([reading, writing]);
  expect(reads).toBeGreaterThan(10);
  await database.caughtUp();

  const fresh = await readModelDatabase();
  await fresh.apply(bank.recorded, 5000);
  expect(await database.content()).toEqual(await fresh.content());
  await fresh.drop();
  known.close();
});

test('does not run beside another rebuild, and starts over after one that broke off', async () => {
  await database.apply(bank.recorded, 50);
  const other = await database.pool.connect();
  await other.query('select pg_advisory_lock($1)', [advisoryLocks.rebuild]);
  expect(await runRebuild()).toBe('under way already');
  other.release(true);

  const broken = runRebuild(() => {
    throw new Error('the cable was pulled');
  });
  await expect(broken).rejects.toThrow('the cable was pulled');
  expect(differing(await runRebuild())).toEqual([]);
});
