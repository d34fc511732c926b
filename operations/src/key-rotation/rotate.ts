/** Replaces the master key: a new generation, every key wrapped anew, the old generation retired and forgotten. */
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { isCode } from '../../../ledger/src/failure.ts';
import { advisoryLocks } from '../../../ledger/src/postgres-names.ts';
import type { OnProgress } from '../../../ledger/src/progress.ts';
import { assertSame, checkValueOf } from '../../../ledger/src/vault/check-values.ts';
import type { MasterKeys } from '../../../ledger/src/vault/master-keys.ts';
import { generationsIn, masterKeyName } from '../../../ledger/src/vault/master-keys.ts';
import { rewrap } from '../../../ledger/src/vault/vault.ts';
import { reseal } from '../../../server/src/staff/one-time-codes.ts';

export type RotateOptions = {
  /** The owner's connection. */
  readonly client: pg.Client;
  readonly masterKeys: MasterKeys;
  readonly onProgress: OnProgress;
  /** How long a file that nobody should need any more stays: whoever read the generation just before reads the file now. */
  readonly graceMs?: number;
};

export type Rotated = { readonly generation: number; readonly keys: number };

/** SQLSTATE. */
const foreignKeyViolation = '23503';
const batchSize = 2_000;
/** Each is shorter than the one before: only what came meanwhile is left. */
const mostRounds = 100;

/** Begun and cut short, it goes on where it was. */
export async function rotate({
  client,
  masterKeys,
  onProgress,
  graceMs = 5_000,
}: RotateOptions): Promise<Rotated | 'under way already'> {
  const { rows: lock } = await client.query<{ mine: boolean }>('select pg_try_advisory_lock($1) as mine', [
    advisoryLocks.keyRotation,
  ]);
  if (lock[0]?.mine !== true) return 'under way already';
  try {
    const { newest, older } = await generations(client);
    const generation = older.length > 0 ? newest : newest + 1;
    const retired = older.length > 0 ? older : [newest];
    // The file first: a generation the database knows always has its key.
    const masterKey = await masterKeys.make(generation);
    await rememberKey(client, masterKeys.pathOf(generation), masterKey, { isInUse: older.length > 0 });
    await client.query('insert into vault.master_keys (generation) values ($1) on conflict do nothing', [generation]);
    let keys = 0;
    const work = { client, masterKeys, generation, masterKey };
    for (let isRetired = false, round = 1; !isRetired; round++) {
      if (round > mostRounds) throw new Error('something is wrapped under the old master key again and again');
      keys += await wrapAnew(work, onProgress);
      await sealCodesAnew(work);
      // A server that has not heard may have wrapped another one meanwhile: then the old generation cannot go yet.
      isRetired = await retire(client, retired);
    }
    await sleep(graceMs);
    for (const old of retired) await masterKeys.forget(old);
    return { generation, keys };
  } finally {
    await client.query('select pg_advisory_unlock($1)', [advisoryLocks.keyRotation]);
  }
}

type Work = Pick<RotateOptions, 'client' | 'masterKeys'> & { readonly generation: number; readonly masterKey: Buffer };

async function generations(client: pg.Client): Promise<{ readonly newest: number; readonly older: readonly number[] }> {
  const all = await generationsIn(client);
  return { newest: all.at(-1) ?? 0, older: all.slice(0, -1) };
}

/** One that nothing is wrapped under yet may have been lost with a rotation that was cut short: then this one is new. */
async function rememberKey(
  client: pg.Client,
  path: string,
  masterKey: Buffer,
  { isInUse }: { readonly isInUse: boolean },
): Promise<void> {
  if (isInUse) {
    await assertSame(client, path, masterKey);
    return;
  }
  await client.query(
    'insert into secrets.check_values (name, value) values ($1, $2) on conflict (name) do update set value = excluded.value',
    [basename(path), checkValueOf(basename(path), masterKey)],
  );
}

/** Walks over all keys once, in their order. */
async function wrapAnew(
  { client, masterKeys, generation, masterKey }: Work,
  onProgress: RotateOptions['onProgress'],
): Promise<number> {
  const { rows: count } = await client.query<{ total: string }>(
    'select count(*) as total from vault.customer_keys where generation <> $1',
    [generation],
  );
  const total = Number(count[0]?.total);
  let done = 0;
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await client.query<{ key_id: string; wrapped: Buffer; generation: number }>(
      'select key_id, wrapped, generation from vault.customer_keys where key_id > $1 order by key_id limit $2',
      [after, batchSize],
    );
    const last = rows.at(-1);
    if (last === undefined) return done;
    after = last.key_id;
    const old = rows.filter((row) => row.generation !== generation);
    const wrapped: Buffer[] = [];
    for (const row of old) {
      wrapped.push(rewrap(await masterKeys.get(row.generation), masterKey, row.key_id, row.wrapped));
    }
    // Whoever was erased in between stays erased.
    await client.query(
      `update vault.customer_keys as stored set wrapped = anew.wrapped, generation = $3
       from unnest($1::uuid[], $2::bytea[]) as anew (key_id, wrapped) where stored.key_id = anew.key_id`,
      [old.map((row) => row.key_id), wrapped, generation],
    );
    done += old.length;
    onProgress({ phase: 'wrapping keys', done, total: Math.max(total, done) });
  }
}

async function sealCodesAnew({ client, masterKeys, generation, masterKey }: Work): Promise<void> {
  const { rows } = await client.query<{ username: string; sealed: Buffer; generation: number }>(
    `select username, totp_secret as sealed, totp_generation as generation from access.staff
     where totp_generation <> $1`,
    [generation],
  );
  for (const { username, sealed, generation: old } of rows) {
    // Given new codes meanwhile: those are left as they are.
    await client.query(
      'update access.staff set totp_secret = $3, totp_generation = $4 where username = $1 and totp_secret = $2',
      [username, sealed, reseal(await masterKeys.get(old), masterKey, username, sealed), generation],
    );
  }
}

/** False while anything is still wrapped under one of them. */
async function retire(client: pg.Client, old: readonly number[]): Promise<boolean> {
  try {
    await client.query('delete from vault.master_keys where generation = any ($1::int[])', [old]);
    await client.query('delete from secrets.check_values where name = any ($1)', [old.map(masterKeyName)]);
    return true;
  } catch (error) {
    if (isCode(error, foreignKeyViolation)) return false;
    throw error;
  }
}
