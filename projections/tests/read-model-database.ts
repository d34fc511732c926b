/** A database of a test's own, with its journal, its read model and as many projectors as it likes. */
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { encode } from '../../ledger/src/domain/codec.ts';
import type { Recorded } from '../../ledger/src/domain/events.ts';
import type { EventLog } from '../../ledger/src/journal/event-log.ts';
import type { Journal } from '../../ledger/src/journal/journal.ts';
import { openJournal } from '../../ledger/src/journal/open-journal.ts';
import { testEventLog } from '../../tests/support/event-log.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import { applyBatch } from '../src/apply.ts';
import { projectorConnection } from '../src/connection.ts';
import { decryptNames } from '../src/customer-names.ts';
import { project } from '../src/project.ts';
import { runProjector } from '../src/projector.ts';
import { toBatch } from '../src/statements.ts';
import type { TestBank } from './bank.ts';
import { decryptProfiles } from './bank.ts';

export type RunningProjector = {
  readonly state: 'working' | 'standing by' | undefined;
  /** Settles when it ends, by itself or by `stop`. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
};

export type ReadModelDatabase = {
  readonly url: string;
  readonly logIns: TestDatabase['logIns'];
  readonly eventLog: EventLog;
  /** The owner's, for whatever a test wants to see or break. */
  readonly pool: pg.Pool;
  readonly journal: Journal;
  /** Appends to the journal what the bank has more. */
  write(bank: TestBank): Promise<void>;
  startProjector(): RunningProjector;
  /** Waits until the read model has reached the journal's head. */
  caughtUp(): Promise<void>;
  /** Writes events straight to the read model, `size` a batch. */
  apply(recorded: readonly Recorded[], size: number): Promise<void>;
  /** Every table of the read model, each row as text. */
  content(): Promise<Readonly<Record<string, readonly string[]>>>;
  drop(): Promise<void>;
};

const tables = [
  ...['customers', 'accounts', 'balances', 'entries', 'account_events', 'idempotency_keys'],
  ...['daily_totals', 'kind_totals', 'status_totals'],
];

export async function readModelDatabase(): Promise<ReadModelDatabase> {
  const database = await createDatabase();
  const pool = new pg.Pool({ connectionString: database.url, max: 6 });
  // Tests break connections on purpose.
  pool.on('error', () => undefined);
  const eventLog = testEventLog();
  const journal = openJournal(eventLog, pool);
  const running: RunningProjector[] = [];

  /** Customers' keys are in the vault before the journal knows the customer. */
  async function storeKeys(recorded: readonly Recorded[]): Promise<void> {
    const keys = recorded.flatMap(({ event }) => (event.type === 'CustomerRegistered' ? [event.keyId] : []));
    await pool.query(
      `insert into vault.customer_keys (generation, key_id, wrapped) select 1, key, '' from unnest($1::uuid[]) as key
       on conflict do nothing`,
      [keys],
    );
  }

  return {
    url: database.url,
    logIns: database.logIns,
    eventLog,
    pool,
    journal,
    async write({ recorded }) {
      const after = await journal.head();
      const events = recorded.slice(after);
      await storeKeys(events);
      if (events.length > 0)
        await journal.append(
          events.map(({ id, event, metadata }) => encode(id, event, metadata)),
          { after },
        );
    },
    startProjector() {
      const end = new AbortController();
      let state: RunningProjector['state'];
      const ended = runProjector({
        journal,
        connection: () => new pg.Client(projectorConnection(database.logIns.projector, 'read')),
        decryptProfiles,
        log: { info: () => undefined, warn: () => undefined },
        onLock: (now) => (state = now),
        signal: end.signal,
      });
      ended.catch(() => undefined);
      const projector = {
        get state() {
          return state;
        },
        ended,
        stop() {
          end.abort();
          return ended;
        },
      };
      running.push(projector);
      return projector;
    },
    async caughtUp() {
      await eventually(async () => {
        const { rows } = await pool.query<{ position: string }>('select position from read.checkpoint');
        return Number(rows[0]?.position) === (await journal.head());
      });
    },
    async apply(recorded, size) {
      await storeKeys(recorded);
      const client = new pg.Client(projectorConnection(database.logIns.projector, 'read'));
      await client.connect();
      try {
        for (let from = 0; from < recorded.length; from += size) {
          const rows = project(recorded.slice(from, from + size));
          await applyBatch(
            client,
            toBatch({ ...rows, customers: await decryptNames(rows.customers, decryptProfiles) }),
          );
        }
      } finally {
        await client.end();
      }
    },
    async content() {
      const content: Record<string, string[]> = {};
      for (const table of tables) {
        const { rows } = await pool.query<{ row: string }>(`select t::text as row from read.${table} t order by 1`);
        content[table] = rows.map(({ row }) => row);
      }
      return content;
    },
    async drop() {
      for (const projector of running) await projector.stop().catch(() => undefined);
      await journal.close();
      await pool.end();
      await database.drop();
    },
  };
}

const giveUpAfterMs = 20_000;

export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  const until = performance.now() + giveUpAfterMs;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error('the awaited condition was never met');
    await sleep(10);
  }
}
