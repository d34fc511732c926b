/** A base backup becomes a database again: unpacked beside, recovered by PostgreSQL up to a point, and opened there. */
import {
  appendFileSync,
  chmodSync,
  chownSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { Failure } from '../../../ledger/src/failure.ts';
import type { Account } from '../embedded-postgres/account.ts';
import { homeFor, unprivilegedAccount } from '../embedded-postgres/account.ts';
import type { EmbeddedPostgres } from '../embedded-postgres/start-postgres.ts';
import { startPostgres } from '../embedded-postgres/start-postgres.ts';
import { forgetArchive } from '../embedded-postgres/wal-archive.ts';
import { unpackBase } from './base-archive.ts';

/** Up to and with what was committed then: at a time, or by the commit that wrote a position of the journal. */
export type Target = { readonly time: string } | { readonly position: number };

export type RecoverOptions = {
  readonly stateDir: string;
  /** The folder of the backup. */
  readonly from: string;
  /** Where the log that follows the backup was archived. */
  readonly walArchive: string | undefined;
  readonly until: Target | undefined;
};

/** Reading a day's log again may take its time; longer than this it hangs. */
const withinMs = 6 * 3_600_000;
const pollMs = 100;

/** Leaves the database in the state folder, stopped. Throws a `Failure`, and leaves no database then. */
export async function recover(options: RecoverOptions): Promise<void> {
  const { until } = options;
  try {
    const target = until !== undefined && 'position' in until ? await transactionOf(until.position, options) : until;
    const postgres = await replay(options, target);
    await postgres.stop();
  } catch (error) {
    remove(dataDirOf(options));
    throw error;
  }
}

type RecoveryTarget = { readonly time: string } | { readonly xid: string } | undefined;

/** PostgreSQL stops at a transaction, not at a row: a first recovery, as far as it goes, shows which one wrote the position. */
async function transactionOf(position: number, options: RecoverOptions): Promise<RecoveryTarget> {
  const postgres = await replay(options, undefined);
  try {
    const [found] = await query<{ xid: string | null; head: string }>(
      postgres.url,
      `select (select xmin::text from journal.events where position = $1) as xid,
         (select coalesce(max(position), 0) from journal.events) as head`,
      [position],
    );
    if (found?.xid === null || found?.xid === undefined) {
      throw new Failure(
        `Position ${String(position)} is not in the backup and the archive: they end at ${String(found?.head)}.`,
      );
    }
    return { xid: found.xid };
  } finally {
    await postgres.stop();
    remove(dataDirOf(options));
  }
}

/** Gives the server, open for writing, when it has reached the target. */
async function replay(options: RecoverOptions, target: RecoveryTarget): Promise<EmbeddedPostgres> {
  await unpack(options, settingsFor(options.walArchive, target));
  const log = join(options.stateDir, 'postgres.log');
  const postgres = await startPostgres({ stateDir: options.stateDir, withinMs });
  const state = { ended: false };
  void postgres.ended.then(() => (state.ended = true));
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline) {
    const [found] = await query<{ recovering: boolean }>(
      postgres.url,
      'select pg_is_in_recovery() as recovering',
    ).catch(() => []);
    if (found?.recovering === false) {
      await query(postgres.url, 'alter system reset all');
      return postgres;
    }
    if (state.ended) {
      throw new Failure(
        `PostgreSQL ended before it reached the point to restore: the archived log ends before that, or begins after the backup. See the end of ${log}.`,
      );
    }
    await sleep(pollMs);
  }
  await postgres.stop();
  throw new Failure(`PostgreSQL did not reach the point to restore in time: see the end of ${log}.`);
}

function settingsFor(walArchive: string | undefined, target: RecoveryTarget): Readonly<Record<string, string>> {
  return {
    restore_command: walArchive === undefined ? 'false' : `cp "${archiveFolder(walArchive)}/%f" "%p"`,
    ...(target !== undefined &&
      'time' in target && {
        // The form that PostgreSQL reads before it knows any time zone's name.
        recovery_target_time: new Date(target.time).toISOString().replace('T', ' ').replace('Z', '+00'),
      }),
    ...(target !== undefined && 'xid' in target && { recovery_target_xid: target.xid }),
    recovery_target_action: 'promote',
  };
}

/** It stands in a command line of PostgreSQL's. */
function archiveFolder(path: string): string {
  const folder = resolve(path);
  if (/^[\w./ @+-]+$/.test(folder)) return folder;
  throw new Failure(`The archive ${folder} has letters in its path that a shell may take for something else: move it.`);
}

const dataDirOf = ({ stateDir }: RecoverOptions): string => join(homeFor(stateDir, unprivilegedAccount()), 'postgres');

const remove = (path: string): void => {
  rmSync(path, { recursive: true, force: true });
};

async function unpack(options: RecoverOptions, settings: Readonly<Record<string, string>>): Promise<void> {
  const account = unprivilegedAccount();
  const dataDir = dataDirOf(options);
  const making = mkdtempSync(`${dataDir}.making-`);
  try {
    await unpackBase(options.from, making);
    forgetArchive(making);
    const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'\n`);
    appendFileSync(join(making, 'postgresql.auto.conf'), lines.join(''));
    writeFileSync(join(making, 'recovery.signal'), '');
    chmodSync(making, 0o700);
    if (account !== undefined) giveAll(making, account);
    renameSync(making, dataDir);
  } catch (error) {
    remove(making);
    const reason = error instanceof Error ? error.message : String(error);
    throw new Failure(`The backup cannot be unpacked into ${dataDir}: ${reason}.`);
  }
}

function giveAll(folder: string, { uid, gid }: Account): void {
  chownSync(folder, uid, gid);
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    chownSync(join(folder, entry), uid, gid);
}

async function query<T extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<T>(text, values)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
