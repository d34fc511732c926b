/** The drill of a restore: a bank under load is backed up while it writes, restored in every way there is, and compared with what it had answered. */
import { randomUUID } from 'node:crypto';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { Bookkeeper } from '../../../ledger/src/bookkeeper/bookkeeper.ts';
import type { Config } from '../../../server/src/config.ts';
import { readConfig } from '../../../server/src/config.ts';
import { loadSecrets } from '../../../server/src/secrets.ts';
import type { Target } from '../backup/recover.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { takeBackup } from '../backup/take-backup.ts';
import { ensureCertificates } from '../certificates/ensure.ts';
import { openDatabase } from '../database.ts';
import { ensureLogIns } from '../log-in-roles.ts';
import { openBankWithProjector } from '../open-bank-with-projector.ts';
import { importSampleBank } from '../supervisor/sample-bank.ts';

export type RestoreDrillOptions = {
  /** How many are acknowledged before, while and after the backup is taken, each. */
  readonly commands: number;
  readonly onStep: (step: string) => void;
};

export type Restored = {
  readonly what: string;
  /** The head of the restored journal. */
  readonly position: number;
  readonly durationMs: number;
  /** What should not be so; empty when all is well. */
  readonly differences: readonly string[];
};

export type RestoreReport = {
  readonly acknowledged: number;
  readonly backupMs: number;
  readonly restored: readonly Restored[];
};

/** Command ids by their positions, as they were answered. */
type Acknowledged = Map<number, string>;
const passphrase = 'a passphrase for the drill';
const concurrency = 16;

export async function restoreDrill({ commands, onStep }: RestoreDrillOptions): Promise<RestoreReport> {
  const folder = mkdtempSync(join(tmpdir(), 'grand-livre-drill-'));
  chmodSync(folder, 0o755);
  try {
    onStep('A bank of its own, under load …');
    const wrote = await writeAndBackUp(folder, commands);
    const restored: Restored[] = [];
    for (const [index, way] of waysOf(wrote).entries()) {
      onStep(`Restored: ${way.what} …`);
      restored.push(await restore(join(folder, `restored-${String(index)}`), { wrote, way }));
    }
    return { acknowledged: wrote.acknowledged.size, backupMs: wrote.backupMs, restored };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const configIn = (folder: string): Config =>
  readConfig({ STATE_DIR: join(folder, 'var'), CERTS_DIR: join(folder, 'certs') });

type Wrote = {
  readonly acknowledged: Acknowledged;
  /** The highest position that was acknowledged before the backup began. */
  readonly beforeBackup: number;
  readonly backup: string;
  readonly backupMs: number;
  readonly walArchive: string;
  /** A moment at which nothing was under way, and the head then. */
  readonly quiet: { readonly time: string; readonly position: number };
  /** A position acknowledged after the backup, in the middle of the load. */
  readonly later: number;
};

async function writeAndBackUp(folder: string, commands: number): Promise<Wrote> {
  const walArchive = join(folder, 'wal');
  const config = { ...configIn(join(folder, 'bank')), walArchive };
  await ensureCertificates(config.certsDir, Date.now());
  const { url, release } = await openDatabase(config);
  try {
    const logIns = await ensureLogIns(url, config);
    const bankConfig = { ...config, logIns, secrets: await loadSecrets(config.stateDir, logIns.server) };
    await importSampleBank(bankConfig, { isOwnDatabase: true });
    const opened = await openBankWithProjector(bankConfig);
    try {
      return { walArchive, ...(await runLoad(opened.bank.bookkeeper, { config, commands, folder })) };
    } finally {
      await opened.close();
    }
  } finally {
    // PostgreSQL archives the last of its log before it ends.
    await release();
  }
}

async function runLoad(
  bookkeeper: Pick<Bookkeeper, 'submit' | 'head'>,
  { config, commands, folder }: { readonly config: Config; readonly commands: number; readonly folder: string },
): Promise<Omit<Wrote, 'walArchive'>> {
  const acknowledged: Acknowledged = new Map();
  const highest = (): number => Math.max(0, ...acknowledged.keys());
  const load = startLoad(bookkeeper, acknowledged);
  await load.until(commands);
  const beforeBackup = highest();
  const startedMs = performance.now();
  const { folder: backup } = await takeBackup({
    ...{ config, to: join(folder, 'backups'), passphrase },
    onBytes: () => undefined,
  });
  const backupMs = performance.now() - startedMs;
  await load.until(acknowledged.size + commands);
  await load.stop();
  // PostgreSQL compares a time to restore with the times of its commits.
  await sleep(50);
  const quiet = { time: new Date().toISOString(), position: bookkeeper.head };
  await sleep(50);
  const again = startLoad(bookkeeper, acknowledged);
  await again.until(acknowledged.size + commands / 2);
  const later = highest();
  await again.until(acknowledged.size + commands / 2);
  await again.stop();
  return { acknowledged, beforeBackup, backup, backupMs, quiet, later };
}

function startLoad(bookkeeper: Pick<Bookkeeper, 'submit'>, acknowledged: Acknowledged) {
  let isEnding = false;
  const isOn = (): boolean => !isEnding;
  async function customer(account: string): Promise<void> {
    while (isOn()) {
      const commandId = `account:${account}:${randomUUID()}`;
      const outcome = await bookkeeper.submit({
        command: { type: 'Deposit', account, terminal: 'desk', amount: 1n, currency: 'EUR' },
        ...{ commandId, requestHash: 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ', actor: 'session:drill' },
        ...{ terminal: 'desk', correlationId: randomUUID() },
      });
      if (!outcome.accepted) throw new Error(`the load was rejected: ${outcome.rejection.code}`);
      acknowledged.set(outcome.position, commandId);
    }
  }
  const customers = Promise.all(
    Array.from({ length: concurrency }, (_, index) => customer(String(100_001 + (index % 3)))),
  );
  return {
    async until(count: number): Promise<void> {
      const reached = async (): Promise<void> => {
        while (acknowledged.size < count) await sleep(5);
      };
      await Promise.race([reached(), customers]);
    },
    async stop(): Promise<void> {
      isEnding = true;
      await customers;
    },
  };
}

type Way = {
  readonly what: string;
  readonly hasArchive: boolean;
  readonly until?: Target;
  /** Says what is wrong with a journal that ends there. */
  readonly check: (head: number) => string | undefined;
};

function waysOf({ acknowledged, beforeBackup, quiet, later }: Wrote): readonly Way[] {
  const last = Math.max(...acknowledged.keys());
  const exactly = (head: number, expected: number): string | undefined =>
    head === expected ? undefined : `it ends at ${String(head)}, not at ${String(expected)}`;
  return [
    {
      what: 'the backup alone',
      hasArchive: false,
      check: (head) => (head < beforeBackup ? `it ends at ${String(head)}, before the backup began` : undefined),
    },
    { what: 'with the archived log', hasArchive: true, check: (head) => exactly(head, last) },
    {
      what: `up to ${quiet.time}`,
      hasArchive: true,
      until: { time: quiet.time },
      check: (head) => exactly(head, quiet.position),
    },
    {
      what: `up to position ${String(later)}`,
      hasArchive: true,
      until: { position: later },
      // A commit holds at most one command of each customer of the load.
      check: (head) =>
        head < later || head >= later + concurrency
          ? `it ends at ${String(head)}, not with the commit of ${String(later)}`
          : undefined,
    },
  ];
}

async function restore(
  folder: string,
  { wrote, way }: { readonly wrote: Wrote; readonly way: Way },
): Promise<Restored> {
  const config = configIn(folder);
  const startedMs = performance.now();
  await restoreBackup({
    ...{ config, from: wrote.backup, until: way.until },
    walArchive: way.hasArchive ? wrote.walArchive : undefined,
    passphrase: () => Promise.resolve(passphrase),
    onStep: () => undefined,
  });
  const durationMs = performance.now() - startedMs;
  const journal = await commandIdsOf(config);
  const head = journal.length;
  const wrongEnd = way.check(head);
  const missing = [...wrote.acknowledged].filter(
    ([position, commandId]) => position <= head && journal[position - 1] !== commandId,
  );
  return {
    ...{ what: way.what, position: head, durationMs },
    differences: [
      ...(wrongEnd === undefined ? [] : [wrongEnd]),
      ...missing.map(([position, commandId]) => `${commandId} is not at position ${String(position)}`),
    ],
  };
}

async function commandIdsOf(config: Config): Promise<readonly string[]> {
  const { url, release } = await openDatabase(config);
  const client = new pg.Client({ connectionString: url });
  try {
    await client.connect();
    const { rows } = await client.query<{ id: string }>(
      `select metadata->>'commandId' as id from journal.readable order by position`,
    );
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
    await release();
  }
}
