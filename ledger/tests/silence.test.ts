/** A peer that vanishes without a word: a call that is given up keeps nothing, and the next one finds whoever is there again. */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { projectorConnection, readersConnection } from '../../projections/src/connection.ts';
import { serverConnection } from '../../server/src/connections.ts';
import type { FakeEventLog } from '../../tests/support/fake-event-log.ts';
import { fakeEventLog } from '../../tests/support/fake-event-log.ts';
import type { Line } from '../../tests/support/line.ts';
import { openLine } from '../../tests/support/line.ts';
import type { TestDatabase } from '../../tests/support/postgres.ts';
import { createDatabase } from '../../tests/support/postgres.ts';
import type { GivenUp } from '../src/journal/given-up.ts';
import type { Journal } from '../src/journal/journal.ts';
import { kurrentJournal } from '../src/journal/kurrent-journal.ts';
import { postgresJournal } from '../src/journal/postgres-journal.ts';

let database: TestDatabase;
let log: FakeEventLog;
beforeAll(async () => {
  database = await createDatabase();
  log = await fakeEventLog();
});
afterAll(async () => {
  await database.drop();
  log.close();
});

const stored = { type: 'PinChanged', data: '{"account":"1"}', metadata: '{}' };
const calls: readonly [string, (journal: Journal, givenUp: GivenUp) => Promise<unknown>][] = [
  ['head', (journal, givenUp) => journal.head(givenUp)],
  ['read', (journal, givenUp) => journal.read({ from: 1, limit: 1, ...givenUp })],
  ['readAt', (journal, givenUp) => journal.readAt([1], givenUp)],
  ['append', (journal, givenUp) => journal.append([{ id: randomUUID(), ...stored }], { after: 77, ...givenUp })],
  ['look-up', (journal, givenUp) => journal.keys?.lookUp(['a'], givenUp) ?? journal.head(givenUp)],
];

type Store = { readonly line: Line; readonly journal: Journal; readonly close: () => Promise<void> };
const stores: readonly [string, () => Promise<Store>][] = [
  [
    'PostgreSQL',
    async () => {
      const line = await openLine(database.logIns.server);
      const pool = new pg.Pool({ ...serverConnection(line.url, 'server'), max: 1 });
      pool.on('error', () => undefined);
      return { line, journal: postgresJournal({ pool }), close: () => pool.end() };
    },
  ],
  [
    'an event log',
    async () => {
      const line = await openLine(log.url);
      const journal = kurrentJournal({ url: line.url, ledger: randomUUID() });
      return { line, journal, close: () => journal.close() };
    },
  ],
];

describe.each(stores)('%s', (_name, open) => {
  test.each(calls)('%s, given up, keeps no connection', async (_call, ask) => {
    const { line, journal, close } = await open();
    await ask(journal, {});
    line.vanish();
    await expect(ask(journal, { signal: AbortSignal.timeout(200) })).rejects.toThrow();
    // The pool has one connection, and gRPC one channel: with the old one still in use this would wait for its time to run out.
    await ask(journal, { signal: AbortSignal.timeout(5_000) });
    await expect(ask(journal, { signal: AbortSignal.abort() })).rejects.toThrow();
    await ask(journal, {});
    await close();
    await line.close();
  });
});

test(
  'a read that nobody gives up ends by itself, and the next one goes by a new connection',
  { timeout: 60_000 },
  async () => {
    const line = await openLine(log.url);
    const journal = kurrentJournal({ url: line.url, ledger: randomUUID() });
    await journal.head();
    line.vanish();
    await expect(journal.head()).rejects.toThrow();
    expect(await journal.head({ signal: AbortSignal.timeout(5_000) })).toBe(0);
    await journal.close();
    await line.close();
  },
);

test('a follower of an event log that vanished learns of it', { timeout: 90_000 }, async () => {
  const line = await openLine(log.url);
  const journal = kurrentJournal({ url: line.url, ledger: randomUUID() });
  const follow = async (): Promise<void> => {
    for await (const step of journal.follow({ after: 0, signal: new AbortController().signal })) {
      if ('caughtUpAt' in step) line.vanish();
    }
  };
  await expect(follow()).rejects.toThrow();
  await journal.close();
  await line.close();
});

test.each([
  ['server', () => serverConnection(database.logIns.server, 'server')],
  ['projector', () => projectorConnection(database.logIns.projector, 'read')],
  ['projector’s readers', () => readersConnection(database.logIns.projector)],
] as const)('both ends of a connection of the %s ask whether the other is there', async (_name, config) => {
  const client = new pg.Client(config());
  await client.connect();
  const { rows } = await client.query<Record<string, string>>(
    `select string_agg(setting, ' ' order by name) as set from pg_settings
     where name in ('tcp_keepalives_idle', 'tcp_keepalives_interval', 'tcp_keepalives_count', 'tcp_user_timeout')`,
  );
  await client.end();
  expect(rows).toEqual([{ set: '3 10 5 25000' }]);
  expect(config()).toMatchObject({ keepAlive: true, keepAliveInitialDelayMillis: 10_000 });
});
